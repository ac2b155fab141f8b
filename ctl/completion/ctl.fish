# Completion of ctl's words for fish.
function __ctl_complete
    set -l typed (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --cut-at-cursor --current-token)
    set -l program $typed[1]
    command --query -- $program; or set program ctl
    set -l lines (command $program __complete -- $typed[2..-1] "$current" 2>/dev/null)
    set -l directive 4
    if string match --quiet ':*' -- $lines[-1]
        set directive (string sub --start 2 -- $lines[-1])
        set --erase lines[-1]
    end
    if test (count $lines) -gt 0
        printf '%s\n' $lines
    else if test (math "bitand($directive, 16)") -ne 0
        __fish_complete_directories "$current" ''
    else if test (math "bitand($directive, 4)") -eq 0
        __fish_complete_path "$current" ''
    end
end
complete --command ctl --erase
complete --command ctl --no-files --keep-order --arguments '(__ctl_complete)'
