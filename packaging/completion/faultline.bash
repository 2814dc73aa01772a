# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of faultline for bash. What it offers it takes from the tool's own --help.

_faultline_verbs()
{
	"$1" --help 2>/dev/null | sed -nE '/^faultline VERB/q; s/^  ([a-z]+) .*/\1/p'
}

# The long options of a verb.
_faultline_options()
{
	"$1" "$2" --help 2>/dev/null | sed -nE 's/^ {2,6}(-., )?(--[a-z-]+).*/\2/p'
}

# What an option's value is: "a|b|c" or a word such as FILE; nothing if it takes none.
_faultline_value()
{
	"$1" "$2" --help 2>/dev/null | sed -nE "
		s/^ {2,6}(-., )?$3=([^ ]+).*/\2/p
		s/^ {2}$3, --[a-z-]+=([^ ]+).*/\1/p" | head -n 1
}

_faultline_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

_faultline_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_faultline_complete_value()
{
	local value=$1 current=$2

	case $value in
	*'|'*) _faultline_words "${value//|/ }" "$current" ;;
	PID*) _faultline_words "$(cd /proc && echo [0-9]*)" "$current" ;;
	DIR | PATH) _faultline_files -d "$current" ;;
	FILE) _faultline_files -f "$current" ;;
	esac
}

# The place of the first word of a command that is to be run, if it is before the current one.
_faultline_command_at()
{
	local i word before

	for ((i = 2; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		before=${COMP_WORDS[i - 1]}
		if [[ $word == -- ]]; then
			echo $((i + 1))
			return
		elif [[ $word == -* || $word == = || $before == = ]]; then
			continue
		elif [[ $before == -* && -n $(_faultline_value "$1" "$2" "$before") ]]; then
			continue
		fi
		echo "$i"
		return
	done
}

_faultline()
{
	local tool=$1 current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=${COMP_WORDS[1]} value="" begin=""

	COMPREPLY=()
	if [[ $COMP_CWORD -eq 1 ]]; then
		_faultline_words "--help --version $(_faultline_verbs "$tool")" "$current"
		return
	elif [[ $COMP_CWORD -eq 2 && $verb == help ]]; then
		_faultline_words "$(_faultline_verbs "$tool")" "$current"
		return
	fi
	case $verb in
	record | stat | top) begin=$(_faultline_command_at "$tool" "$verb") ;;
	esac
	if [[ $begin == "$COMP_CWORD" ]]; then
		_faultline_files -c "$current"
		return
	elif [[ -n $begin ]]; then
		_faultline_files -f "$current"
		return
	fi

	# bash takes "--option=value" for three words.
	if [[ $current == = ]]; then
		current=""
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	[[ $before != -* ]] || value=$(_faultline_value "$tool" "$verb" "$before")
	if [[ -n $value ]]; then
		_faultline_complete_value "$value" "$current"
	elif [[ $current == -* ]]; then
		_faultline_words "$(_faultline_options "$tool" "$verb")" "$current"
	else
		case $verb in
		record | stat | top) _faultline_files -c "$current" ;;
		report | diff | export | list) _faultline_files -f "$current" ;;
		esac
	fi
}

complete -F _faultline faultline
