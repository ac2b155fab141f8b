# shellcheck shell=bash
# Completion of ctl's words for bash. Needs nothing but bash 4.4.
_ctl() {
  local rest=${COMP_LINE:0:COMP_POINT} words=() word i
  # bash parts words at each character of COMP_WORDBREAKS, ctl only at blanks.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $rest == [[:space:]]* || $i == 0 ]]; then
      rest=${rest#"${rest%%[![:space:]]*}"}
      words+=('')
    fi
    if ((i == COMP_CWORD)); then word=$rest; fi
    words[-1]+=$word
    rest=${rest#"$word"}
  done
  local program=${words[0]} lines=() directive=4 current=${words[-1]} start=''
  type -P -- "$program" >/dev/null || program=ctl
  mapfile -t lines < <("$program" __complete -- "${words[@]:1}" 2>/dev/null)
  if ((${#lines[@]})); then
    directive=${lines[-1]#:}
    unset 'lines[-1]'
  fi
  # What stands before the last break is there already.
  [[ $COMP_WORDBREAKS == *[=:]* ]] && start=${current%"${current##*[=:]}"}
  COMPREPLY=()
  for word in "${lines[@]}"; do
    word=${word%%$'\t'*}
    COMPREPLY+=("${word#"$start"}")
  done
  if ((directive & 2)); then compopt -o nospace 2>/dev/null; fi
  ((${#COMPREPLY[@]})) && return
  if ((directive & 16)); then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -d -- "${current#"$start"}")
  elif ! ((directive & 4)); then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "${current#"$start"}")
  fi
}
complete -F _ctl ctl
