using XenBlock.Cli.CommandLine;

TextWriter? log = LogFile.TryOpen();
return await Tool.RunAsync(args, log ?? Console.Out, log ?? Console.Error);
