package measure

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"holdfast/scenarios/history"
)

// errorCounts are the errors of the store that calls met, the harness's included.
type errorCounts struct {
	kinds []StoreError // in the order in which they were first met
	at    map[storeError]int
	texts map[string]string // of an answer → as it is counted: most are the same again
	// all kinds are told apart: those of a part, in front of which are others that are not
	// known yet, so that which kinds come first can't be told.
	all bool
}

type storeError struct{ call, text string }

const (
	// mostErrors kinds are told apart; a server whose every answer is another would fill
	// the memory.
	mostErrors = 100
	// errorsShown are those that a result has.
	errorsShown = 5

	otherErrors = "other errors"

	// mostTexts are remembered.
	mostTexts = 1000
)

// note counts the answer to a store call, if it is an error: refusals that the protocol
// is made of (404, 409, 412) are none, nor is a call that was cut short with the run.
func (c *errorCounts) note(e *history.Event) {
	var text string
	switch e.Answer {
	case history.Throttled:
		text = "503 or 429: the store is too busy"
	case history.OtherError, history.UnknownAnswer, history.Unavailable:
		if strings.Contains(e.Text, "context canceled") {
			return
		}
		text = c.plain(e.Text)
	case history.OK:
		if e.Kind != history.Get || e.Doc == nil || e.Doc.Bad == "" {
			return
		}
		text = "200 with a body that is no document"
	default:
		return
	}
	c.add(storeError{string(e.Kind), text}, 1)
}

func (c *errorCounts) add(e storeError, n int) {
	i, known := c.at[e]
	if !known && !c.all && len(c.kinds) >= mostErrors {
		e.text = otherErrors
		i, known = c.at[e]
	}
	if !known {
		if c.at == nil {
			c.at = map[storeError]int{}
		}
		i = len(c.kinds)
		c.at[e], c.kinds = i, append(c.kinds, StoreError{Call: e.call, Error: e.text})
	}
	c.kinds[i].Count += n
}

// plain is [withoutParticulars] of a text.
func (c *errorCounts) plain(text string) string {
	plain, known := c.texts[text]
	if known {
		return plain
	}
	plain = withoutParticulars(text)
	if c.texts == nil {
		c.texts = map[string]string{}
	}
	if len(c.texts) < mostTexts {
		c.texts[text] = plain
	}
	return plain
}

func (c *errorCounts) reset() {
	clear(c.at)
	c.kinds = c.kinds[:0]
}

func (c *errorCounts) merge(later *errorCounts) {
	for _, e := range later.kinds {
		c.add(storeError{e.Call, e.Error}, e.Count)
	}
}

// commonest are the errors that a result has; nil if there were none.
func (c *errorCounts) commonest() []StoreError {
	if len(c.kinds) == 0 {
		return nil
	}
	all := slices.SortedFunc(slices.Values(c.kinds), func(a, b StoreError) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Call, b.Call), cmp.Compare(a.Error, b.Error))
	})
	return slices.Clip(all[:min(len(all), errorsShown)])
}

var (
	// ofCall is what a call was: "put archive/CHG-1.json: ".
	ofCall = regexp.MustCompile(`^(get|head|put|delete) \S+: `)
	// quotation begins what repeats somebody else's text: of a document, or of an answer
	// that could not be understood, of which it may be a part.
	quotation = regexp.MustCompile("[\"`{<\\[\u201c]|(^|\\s)'|malformed ")
	// particular are words with digits that are no status, duration or product: ids,
	// addresses, keys.
	particular  = regexp.MustCompile(`[^\s,;()]*\d[^\s,;()]*`)
	plainNumber = regexp.MustCompile(`^(\d{1,3}|\d{1,3}(\.\d+)?(ms|s|m|h)(\d+(ms|s|m))*|S3|s3:[A-Za-z]+|HTTP/\d(\.\d)?)[:.]?$`)
	// longWord is what no language has: an id, a token, a path.
	longWord = regexp.MustCompile(`\S{33,}|[A-Z]{16,}|\S*/\S*`)
)

// mostText is how much of an error is shown, in runes.
const mostText = 120

// withoutParticulars is an error without what makes each one another, and without what
// may be a secret or a document's: it says what went wrong, not with what.
func withoutParticulars(text string) string {
	text = ofCall.ReplaceAllString(strings.Join(strings.Fields(text), " "), "")
	if at := quotation.FindStringIndex(text); at != nil {
		text = strings.TrimRight(text[:at[0]], " :,(") + " …"
	}
	text = particular.ReplaceAllStringFunc(text, func(word string) string {
		if plainNumber.MatchString(word) {
			return word
		}
		return "…"
	})
	text = longWord.ReplaceAllStringFunc(text, func(word string) string {
		if plainNumber.MatchString(word) {
			return word
		}
		return "…"
	})
	if utf8.RuneCountInString(text) > mostText {
		text = string([]rune(text)[:mostText]) + "…"
	}
	if strings.Trim(text, " …") == "" {
		return "an error without words of its own"
	}
	return text
}
