using XenBlock.Cli.CommandLine;

return await Tool.RunAsync(args, Console.Out, Console.Error);
