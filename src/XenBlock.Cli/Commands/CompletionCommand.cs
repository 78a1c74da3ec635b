using System.CommandLine;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk completion</c>: a script that teaches the shell our words.</summary>
internal sealed class CompletionCommand : XenblkCommand
{
    // The scripts ask xenblk itself ([suggest:N], System.CommandLine), so they never go stale.
    private const string Bash = """
        _xenblk_complete() {
          local IFS=$'\n'
          COMPREPLY=($("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null))
          if [ "${#COMPREPLY[@]}" -eq 0 ]; then
            COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
          fi
        }
        complete -o filenames -F _xenblk_complete xenblk ./xenblk
        """;

    private const string Zsh = """
        #compdef xenblk
        _xenblk() {
          local -a words_found
          words_found=("${(@f)$("${words[1]}" "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          if [[ -n "${words_found[1]}" ]]; then compadd -a words_found; else _files; fi
        }
        compdef _xenblk xenblk
        """;

    private const string Fish = """
        function __xenblk_complete
            set -l line (commandline -cp)
            xenblk "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c xenblk -a '(__xenblk_complete)'
        """;

    private readonly Argument<string> _shell = new("shell") { Description = "bash, zsh or fish." };

    /// <summary>The command.</summary>
    public CompletionCommand()
        : base(
            "completion",
            "Print a script that completes xenblk's commands and options in your shell.",
            """
            source <(xenblk completion bash)
            xenblk completion zsh > "${fpath[1]}/_xenblk"
            xenblk completion fish > ~/.config/fish/completions/xenblk.fish
            """)
    {
        _shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        Arguments.Add(_shell);
    }

    /// <inheritdoc/>
    public override Task<int> RunAsync(CommandRun run)
    {
        string shell = run.Result.GetRequiredValue(_shell);
        string script = shell switch { "bash" => Bash, "zsh" => Zsh, _ => Fish };
        run.Out.WriteLine(run.Json
            ? JsonSerializer.Serialize(
                new CompletionDocument("xenblk.completion/1", shell, script), JsonLines.Default.CompletionDocument)
            : script);
        return Task.FromResult(ExitCodes.Okay);
    }
}
