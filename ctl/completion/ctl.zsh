#compdef ctl
# Completion of ctl's words for zsh.
_ctl() {
  local program=${(Q)words[1]} line word directive=4
  local -a lines described plain
  (( $+commands[$program] )) || [[ -x $program ]] || program=ctl
  lines=("${(@f)$("$program" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  if [[ $lines[-1] == :* ]]; then
    directive=${lines[-1]#:}
    lines[-1]=()
  fi
  for line in $lines; do
    word=${line%%$'\t'*}
    plain+=("$word")
    described+=("${word//:/\\:}:${line#*$'\t'}")
  done
  if (( ${#plain} )); then
    local -a suffix
    (( directive & 2 )) && suffix=(-S '')
    _describe -V 'ctl' described plain "${suffix[@]}"
  elif (( directive & 16 )); then
    _files -/
  elif (( ! (directive & 4) )); then
    _files
  fi
}
if [[ $funcstack[1] == _ctl ]]; then
  _ctl "$@"
else
  compdef _ctl ctl
fi
