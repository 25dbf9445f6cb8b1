# SPDX-License-Identifier: MIT-0
# bash completion for s3hls: commands and options as its own help states them, else file names
_s3hls() {
    local current=${COMP_WORDS[COMP_CWORD]} words
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        words=$(s3hls --help | sed -nE 's/^  ([a-z0-9-]+) .*/\1/p')
    elif [[ $current == -* ]]; then
        words=$(s3hls help "${COMP_WORDS[1]}" 2>/dev/null | grep -oE '^ +--?[a-z0-9-]+')
    else
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _s3hls s3hls
