# The candidates that fish shows after each argument, with their descriptions, on one line.
ctl completion fish | source
for line in $argv
    string join ' ' -- (complete --do-complete "$line")
end
true
