# bash completion for shmbus. The command itself knows what may follow.
_shmbus() {
  local line word=${COMP_WORDS[COMP_CWORD]} found=()
  [ "$word" = = ] && word=
  while IFS= read -r line; do
    case $line in
      :file) compopt -o filenames; mapfile -t -O "${#found[@]}" found < <(compgen -f -- "$word") ;;
      :directory) compopt -o filenames; mapfile -t -O "${#found[@]}" found < <(compgen -d -- "$word") ;;
      *) found+=("${line%%$'\t'*}") ;;
    esac
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=("${found[@]}")
}
complete -F _shmbus shmbus
