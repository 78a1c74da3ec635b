// The report in a real browser: Debian's chromium, driven by playwright-core, judged by axe-core.
//
//   node report.mjs MODULES REPORT COMPARE BIG TRACE SHOTS
//
// MODULES is a folder with node_modules; the others are pages, and a folder for screenshots. Each check is a line, "ok"
// or "not ok"; the exit code is 0 only if all are ok. The checks are first tried on a page with planted faults, each of
// which one of them must find.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [modules, report, compare, big, trace, shots] = process.argv.slice(2).map(one => resolve(one));
const require = createRequire(join(modules, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const link = (path, hash = "") => "file://" + path + hash;
let failed = 0;

function told(name, problems) {
  if (problems.length > 0) failed++;
  console.log(problems.length === 0 ? `ok ${name}` : `not ok ${name}: ${problems.slice(0, 5).join("; ")}`);
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });

// A page with what it complained of and what it asked of the network.
async function open(path, { width = 1280, scheme = "light", hash = "" } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", message => message.type() === "error" && complaints.push("console: " + message.text()));
  page.on("pageerror", error => complaints.push("error: " + error.message));
  page.on("request", request => request.url().startsWith("file:") || request.url().startsWith("blob:") ||
    request.url().startsWith("data:") || complaints.push("network: " + request.url()));
  const started = Date.now();
  await page.goto(link(path, hash));
  if (path !== compare)
    await page.waitForFunction(() => document.documentElement.dataset.drawn >= 1, null, { timeout: 20000 });
  return { page, complaints, tookMs: Date.now() - started, close: () => context.close() };
}

async function drawn(page, act) {
  const before = await page.evaluate(() => Number(document.documentElement.dataset.drawn));
  await act();
  await page.waitForFunction(count => Number(document.documentElement.dataset.drawn) > count, before);
}

async function violations(page) {
  await page.evaluate(() => document.querySelectorAll("details").forEach(one => (one.open = true)));
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run());
  return found.violations.map(one => `${one.id} at ${one.nodes[0].target.join(" ")} (${one.nodes.length})`);
}

// What Tab does not come by, of all that can be operated.
async function unreached(page) {
  await page.evaluate(() => {
    const all = document.querySelectorAll("button, select, input, summary, canvas[tabindex], [role=region][tabindex]");
    window.toReach = [...all].filter(one => one.checkVisibility() && !one.disabled);
    document.activeElement.blur();
  });
  const count = await page.evaluate(() => window.toReach.length);
  for (let press = 0; press < count + 20; press++) {
    await page.keyboard.press("Tab");
    await page.evaluate(() => (window.toReach = window.toReach.filter(one => one !== document.activeElement)));
  }
  return page.evaluate(() => window.toReach.map(one => one.outerHTML.slice(0, 80)));
}

const tooWide = page => page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  return scrollWidth > clientWidth ? [`${scrollWidth} pixels of ${clientWidth}`] : [];
});

// The planted faults: a reference to the network, an error, a picture without words, a control out of Tab's way, and
// something wider than a phone.
async function planted() {
  const page = readFileSync(report, "utf8").replace("</main>",
    `<img src="http://127.0.0.1:9/x.png"><button tabindex="-1">unreachable</button>
    <div style="width:2000px">wide</div><script>throw new Error("planted")</script></main>`);
  const path = join(shots, "planted.html");
  writeFileSync(path, page);
  const { page: opened, complaints, close } = await open(path, { width: 360 });
  const missed = [];
  if (!complaints.some(one => one.startsWith("network:"))) missed.push("the network");
  if (!complaints.some(one => one.includes("planted"))) missed.push("the error");
  if (!(await violations(opened)).some(one => one.startsWith("image-alt"))) missed.push("the picture without words");
  if (!(await unreached(opened)).some(one => one.includes("unreachable"))) missed.push("the unreachable control");
  if ((await tooWide(opened)).length === 0) missed.push("the width");
  await close();
  told("the checks find planted faults", missed.map(one => "missed " + one));
}

async function opens(name, path) {
  for (const width of [1280, 360]) {
    for (const scheme of ["light", "dark"]) {
      const { page, complaints, close } = await open(path, { width, scheme });
      told(`${name} opens without network or error at ${width}, ${scheme}`, complaints);
      told(`${name} fits at ${width}, ${scheme}`, await tooWide(page));
      await page.screenshot({ path: join(shots, `${name}-${width}-${scheme}.png`), fullPage: true });
      told(`axe finds nothing in ${name} at ${width}, ${scheme}`, await violations(page));
      await close();
    }
  }
}

async function keyboard() {
  const { page, close } = await open(report);
  told("Tab reaches every control", await unreached(page));
  await close();
}

// On the large page, whose requests are the same in each run: what is chosen is never what was chosen before.
async function cell() {
  const { page, close } = await open(big);
  const text = () => page.textContent("#fall-name");
  const before = await text();
  await page.focus("#heat canvas");
  await drawn(page, () => page.keyboard.press("Enter"));
  const problems = [];
  if ((await text()) === before) problems.push("the waterfall stayed at " + before);
  if (!/request=\d+/.test(page.url()) || !/cell=/.test(page.url())) problems.push("the address is " + page.url());
  if ((await page.locator("#cell button").count()) === 0) problems.push("the cell lists no request");
  told("choosing a cell by keyboard changes the waterfall", problems);
  await close();
}

async function mouse() {
  const { page, close } = await open(big);
  const before = await page.textContent("#fall-name");
  await page.evaluate(() => document.getElementById("timeline").scrollIntoView({ block: "center" }));
  await page.waitForTimeout(700);
  const box = await page.locator("#timeline canvas").boundingBox();
  const problems = [];
  // Below the counter and the two rows of each thread: the second slot of the ring.
  for (const part of [0.3, 0.5, 0.7, 0.2, 0.8]) {
    await page.mouse.click(box.x + 76 + (box.width - 76) * part, box.y + 44 + 11 * 5.5);
    await page.waitForTimeout(150);
    if ((await page.textContent("#fall-name")) !== before) break;
  }
  if ((await page.textContent("#fall-name")) === before) problems.push("no click chose a request");
  told("a click in the timeline chooses a request", problems);
  await close();
}

async function linked() {
  const { page, close } = await open(report);
  await drawn(page, () => page.selectOption("#choose-phase", { index: 6 }));
  await drawn(page, () => page.click("#fall-choices button:nth-child(3)"));
  await page.locator("#timeline-buttons button").first().click();
  await page.waitForFunction(() => location.hash.includes("from="), null, { timeout: 5000 });
  await page.waitForTimeout(200);
  const shown = one => one.evaluate(() => ["#fall-name", "#heat-what", "#timeline-note", "#verdict", "#breakdown .bars"]
    .map(selector => document.querySelector(selector).textContent));
  const first = await shown(page), address = page.url();
  const problems = [];
  if (!first[1].includes("map")) problems.push("the heat map does not follow the phase");
  const again = await open(report, { hash: address.slice(address.indexOf("#")) });
  const second = await shown(again.page);
  first.forEach((text, i) => text === second[i] || problems.push(`"${text}" became "${second[i]}"`));
  await drawn(again.page, () => again.page.click("#all-time"));
  if ((await shown(again.page))[2] === second[2]) problems.push("all the time is not shown again");
  told("views follow the time range and the phase, and a link shows the same", problems);
  await again.close();
  await close();
}

// The timeline opens on a few requests around the median, its strip says where they are, and the whole run is one
// button away; with one unit in it. A batch or two may lie around what begins in it.
async function opening() {
  const { page, close } = await open(big);
  const problems = [];
  const shown = () => page.evaluate(async () => {
    const trace = await xenblk.requestsOf(0), { from, to } = xenblk.typical(trace);
    const begun = trace.stamps[0].filter(at => at >= from && at <= to).length;
    const latencies = Float64Array.from(trace.stamps[0], (at, i) => trace.stamps[12][i] - at).sort();
    return { begun, part: from / trace.end, latency: (to - from) / latencies[Math.floor(trace.count / 2)] };
  });
  const { begun, part, latency } = await shown();
  if (begun < 20 || begun > 130 || latency < 1.5) problems.push(`it shows ${begun} requests, ${latency} latencies`);
  if (part < 0.2 || part > 0.8) problems.push(`it begins after ${part} of the run`);
  if (/from=|to=/.test(page.url())) problems.push("what opens is a chosen time range");
  const text = selector => page.textContent(selector);
  const heat = await text("#g10 details"), note = await text("#timeline-note");
  const label = await page.getAttribute("#overview canvas", "aria-label");
  await drawn(page, () => page.click("#timeline-whole-run"));
  if ((await text("#timeline-note")) === note) problems.push("the whole run is not shown");
  if ((await text("#g10 details")) !== heat) problems.push("other views were not of the whole run");
  if ((await page.getAttribute("#overview canvas", "aria-label")) === label) problems.push("the strip stays");
  await drawn(page, () => page.click("#timeline-typical-requests"));
  if ((await text("#timeline-note")) !== note) problems.push("the typical requests do not come back");
  const units = [...note.matchAll(/[\d.,]+ (s|ms|us|ns)\b/g)].map(one => one[1]);
  if (new Set(units).size !== 1) problems.push("units of the timeline: " + units.join(" "));
  const ticks = await page.evaluate(() => [[0, 5e4], [6.1e7, 6.12e7], [0, 3e9], [9e5, 2.1e6]]
    .map(([from, to]) => xenblk.axis(from, to, 5).ticks.map(one => one.text)));
  for (const axis of ticks) {
    if (new Set(axis.map(one => one.split(" ")[1])).size !== 1) problems.push("units of an axis: " + axis.join(", "));
    if (axis.length < 3 || new Set(axis).size !== axis.length) problems.push("ticks of an axis: " + axis.join(", "));
  }
  const strip = await page.locator("#overview canvas").boundingBox();
  await page.mouse.click(strip.x + 76 + (strip.width - 76) * 0.9, strip.y + 20);
  await page.waitForFunction(() => location.hash.includes("from="), null, { timeout: 5000 });
  told("the timeline opens on a few typical requests, and the strip leads to the rest", problems);
  await close();
}

// Bars of one scale: as long as their latencies are.
async function bars() {
  const { page, close } = await open(big);
  const read = () => page.evaluate(() => [...document.querySelectorAll("#breakdown .row")].map(row => [
    row.querySelector(".bar").getBoundingClientRect().width,
    Number(row.querySelector(".value").textContent.replace(/[^\d.]/g, "")),
    row.querySelector(".value").textContent.split(" ")[1],
  ]));
  const rows = await read(), problems = [];
  const most = rows.reduce((a, b) => (b[1] > a[1] ? b : a));
  for (const [width, value] of rows)
    if (Math.abs(width / most[0] - value / most[1]) > 0.02) problems.push(`${value} of ${most[1]} is ${width} wide`);
  if (rows.length < 3 || new Set(rows.map(one => one[2])).size !== 1)
    problems.push("units: " + rows.map(one => one[2]));
  await drawn(page, () => page.click("#stretch"));
  const wide = await read();
  if (wide.some(one => Math.abs(one[0] - wide[0][0]) > 1)) problems.push("stretched bars differ");
  told("the bars of all, p50 and p99 have one scale and one unit", problems);
  await close();
}

// What is found is said once; of a finding stand the change, the gain, and what was measured beside what is predicted.
async function once() {
  for (const [name, path] of [["report", report], ["trace", trace]]) {
    const { page, close } = await open(path);
    const problems = await page.evaluate(() => {
      const found = xenblk.report.points.flatMap(p => (p.diagnosis ? p.diagnosis.findings.slice(0, 1) : []));
      const shown = xenblk.point().diagnosis;
      const text = [...document.querySelectorAll("header, #verdict")].map(one => one.textContent).join(" ");
      const missed = found.filter(one => text.split(one.sentence).length > 2).map(one => "twice: " + one.sentence);
      const first = shown && shown.findings[0];
      if (first && !text.includes(first.sentence)) missed.push("not at all: " + first.sentence);
      if (first && !text.includes(first.advice)) missed.push("without its advice");
      if (first && first.predictedGain > 1.005 && document.querySelectorAll("#verdict tbody tr").length < 2)
        missed.push("without what it was and would be");
      return missed;
    });
    told(`${name} says its cause once`, problems);
    await close();
  }
}

// Neighbours among the phases' colours, as the eye and as three kinds of colour-blind eyes see them: the matrices are
// those of Machado, Oliveira and Fernandes (2009), full strength, on linear light; distances are in OKLab.
async function colours() {
  for (const scheme of ["light", "dark"]) {
    const { page, close } = await open(report, { scheme });
    const problems = await page.evaluate(() => {
      const linear = one => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
      const all = xenblk.phases.map(p => xenblk.color("--p" + p.index).match(/[0-9a-f]{2}/g)
        .map(one => linear(parseInt(one, 16) / 255)));
      const eyes = [[1, 0, 0, 0, 1, 0, 0, 0, 1],
        [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
        [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
        [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039]];
      const times = (m, v) => [0, 3, 6].map(i => m[i] * v[0] + m[i + 1] * v[1] + m[i + 2] * v[2]);
      const lab = rgb => times([0.2104542553, 0.793617785, -0.0040720468, 1.9779984951, -2.428592205, 0.4505937099,
        0.0259040371, 0.7827717662, -0.808675766], times([0.4122214708, 0.5363325363, 0.0514459929, 0.2119034982,
        0.6806995451, 0.1073969566, 0.0883024619, 0.2817188376, 0.6299787005],
        rgb.map(one => Math.max(0, one))).map(Math.cbrt));
      const light = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
      const contrast = (a, b) => Math.max(light(a), light(b)) / Math.min(light(a), light(b));
      const far = (a, b) => Math.min(...eyes.map(eye => Math.hypot(...lab(times(eye, a)).map((x, i) =>
        x - lab(times(eye, b))[i]))));
      const missed = [];
      for (let i = 0; i < 12; i++)
        for (let j = i + 1; j < 12; j++) {
          const isNext = j === i + 1 || (i === 0 && j === 11) || [[4, 6], [8, 10], [5, 7]].some(([a, b]) =>
            a === i && b === j);
          if (isNext && contrast(all[i], all[j]) < 1.99) missed.push(`${i}, ${j}: ${contrast(all[i], all[j])} to 1`);
          if (far(all[i], all[j]) < (isNext ? 0.1 : 0.05)) missed.push(`${i}, ${j}: ${far(all[i], all[j])} apart`);
        }
      return missed;
    });
    told(`neighbouring phases have colours that every eye tells apart, ${scheme}`, problems);
    await close();
  }
}

async function large() {
  const bytes = statSync(big).size;
  told("a page of 125,000 requests is below 4 MB", bytes < 4e6 ? [] : [`${bytes} bytes`]);
  const { page, complaints, tookMs, close } = await open(big);
  const count = await page.evaluate(async () => (await xenblk.requestsOf(0)).count);
  told("and all of them are in it", count === 125000 ? complaints : [`${count} requests`]);
  const frames = await page.evaluate(() => {
    const worst = [];
    for (const part of [1, 0.1, 0.01, 0.001]) {
      const times = Array.from({ length: 7 }, (_, i) => xenblk.paintTimeline(0.4, Math.min(1, 0.4 + part + i * 1e-5)));
      worst.push(`${part}: ${times.sort((a, b) => a - b)[3].toFixed(1)} ms`);
    }
    return worst.join(", ");
  });
  console.log(`# ${bytes} bytes, drawn after ${tookMs} ms; a frame of the timeline by the part shown: ${frames}`);
  await close();
}

// The page of a disk that was followed: what there is to choose is its operations, and every view follows.
async function followed() {
  const bytes = statSync(trace).size;
  told("a page of a followed disk with 125,000 requests is below 4 MB", bytes < 4e6 ? [] : [`${bytes} bytes`]);
  const { page, complaints, tookMs, close } = await open(trace);
  const problems = [...complaints];
  const count = one => one.evaluate(async () =>
    (await xenblk.requestsOf(xenblk.report.points.indexOf(xenblk.point()))).count);
  const shown = await page.evaluate(() => [...document.querySelectorAll("main > section, .pair > section")]
    .filter(one => one.checkVisibility()).map(one => one.id || one.getAttribute("aria-labelledby")));
  for (const id of ["g8", "graph"]) if (shown.includes(id)) problems.push(id + " is shown, and there is nothing in it");
  for (const id of ["breakdown", "g13", "g12", "g10", "g4", "g11", "g9"])
    if (!shown.includes(id)) problems.push(id + " is not shown");
  const first = await page.inputValue("#choose-operation"), one = await count(page);
  if (first === "all" || !/has most of it/.test(await page.textContent("#operation-note")) || one <= 0)
    problems.push(`it begins with ${first}: ${one} requests`);
  await drawn(page, () => page.selectOption("#choose-operation", "all"));
  const all = await count(page);
  const said = await page.textContent("#verdict");
  await drawn(page, () => page.selectOption("#choose-operation", "read"));
  const reads = await count(page);
  if (all !== 125000 || reads <= 0 || reads >= all) problems.push(`${all} requests, ${reads} of them reads`);
  if ((await page.textContent("#verdict")) === said) problems.push("the verdict does not follow the operation");
  told("the page of a followed disk has its views, for all operations and for one", problems);
  console.log(`# followed: ${bytes} bytes, drawn after ${tookMs} ms`);
  await close();
}

mkdirSync(shots, { recursive: true });
await planted();
await opens("report", report);
await opens("compare", compare);
await opens("trace", trace);
await keyboard();
await cell();
await mouse();
await linked();
await opening();
await bars();
await once();
await colours();
await large();
await followed();
await browser.close();
process.exit(failed === 0 ? 0 : 1);
