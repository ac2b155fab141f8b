# shellcheck shell=bash
# Presses TAB after each argument, as bash does it: parts the line at COMP_WORDBREAKS and calls the function that
# `complete` was told. Prints what bash would insert.
# shellcheck source=/dev/null
source <(ctl completion bash)

press() {
  COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=() COMPREPLY=()
  local word part
  for word in $1; do
    while [[ -n $word && $word =~ ^([^=:]+|[=:]+) ]]; do
      part=${BASH_REMATCH[1]}
      COMP_WORDS+=("$part")
      word=${word#"$part"}
    done
  done
  if [[ $1 == *' ' ]]; then COMP_WORDS+=(''); fi
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _ctl
  echo "${COMPREPLY[*]}"
}

for line in "$@"; do press "$line"; done
