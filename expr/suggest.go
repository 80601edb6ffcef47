package expr

import "strings"

// synonyms are names of functions in other languages.
var synonyms = map[string]string{"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "fabs": "abs", "root": "sqrt", "tg": "tan"}

// closest is the word that a misspelt one most probably means, or nothing: at most a third of the letters may be wrong.
func closest(text string, among []string) string {
	best, least := "", len([]rune(text))/3
	if least == 0 {
		least = 1
	}
	for _, w := range among {
		if synonyms[text] == w || strings.EqualFold(text, w) {
			return w
		}
		if d := distance(text, w); d <= least && d < len([]rune(w)) {
			if best == "" || d < distance(text, best) {
				best = w
			}
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their neighbour that turn one word into the other
// (optimal string alignment).
func distance(from, to string) int {
	a, b := []rune(from), []rune(to)
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// Closest suggests the word of a list that a misspelt one most probably means, empty where none is near.
func Closest(text string, among []string) string { return closest(text, among) }
