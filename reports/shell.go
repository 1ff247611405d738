package reports

import "strings"

// ShellWord writes a word of a command as a shell reads it.
func ShellWord(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n'\"\\$`()<>|&;*?[]{}#~!") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// shellWords takes a command line apart whose words are plain or in single quotes.
func shellWords(line string) []string {
	var words []string
	word, inside, quoted := "", false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'':
			inside, quoted = true, !quoted
		case c == '\\' && !quoted && i+1 < len(line):
			i++
			word, inside = word+line[i:i+1], true
		case c == ' ' && !quoted:
			if inside {
				words = append(words, word)
			}
			word, inside = "", false
		default:
			word, inside = word+line[i:i+1], true
		}
	}
	if inside {
		words = append(words, word)
	}
	return words
}
