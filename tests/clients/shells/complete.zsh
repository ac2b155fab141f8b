# Completes each argument in an interactive zsh on a terminal of its own, and prints the line as it then is.
zmodload zsh/zpty
export PS1='' TERM=dumb COLUMNS=200
zpty shell zsh -f -i
zpty -w shell 'autoload -U compinit; compinit -D -u'
zpty -w shell 'source <(ctl completion zsh)'
# The line is printed between marks that no echo of the keys has.
zpty -w shell 'try() { zle complete-word; print -rn -- $'\''\x02'\''$BUFFER$'\''\x03'\''; BUFFER=; }'
zpty -w shell 'zle -N try; bindkey "^X" try; print -rn $'\''\x03'\'
zpty -r shell answer $'*\x03*'
for line in "$@"; do
  zpty -w -n shell "$line"$'\x18'
  zpty -r shell answer $'*\x02*\x03*'
  answer=${answer##*$'\x02'}
  print -r -- "${answer%%$'\x03'*}|"
done
zpty -d shell
