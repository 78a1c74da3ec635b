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
  await drawn(page, () => page.selectOption("#choose-phase", "map"));
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
await large();
await followed();
await browser.close();
process.exit(failed === 0 ? 0 : 1);
