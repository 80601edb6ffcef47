package report

import (
	"math"
	"strconv"
	"strings"
)

// table is the comparison of models: a column for each part and output.
type table struct {
	Heads []tableHead
	Rows  []tableRow
	Noise []string // sensor noise a column; nil when unknown
}

type tableHead struct{ Part, Output, Unit string }

type tableRow struct {
	Name, About, Claim, Decided, Note string
	Chosen                            bool
	Cells                             []tableCell
}

type tableCell struct {
	RMSE, FIT string
	Bar       int // length of the bar in percent of the largest error of the column
}

// columnKey is a part and an output; output -1 is the pooled figure.
type columnKey struct {
	part   string
	output int
}

func comparison(r *Report) *table {
	if len(r.Rows) == 0 || len(r.Outputs) == 0 {
		return nil
	}
	t := &table{Rows: make([]tableRow, len(r.Rows))}
	for i, row := range r.Rows {
		t.Rows[i] = tableRow{Name: row.Name, Claim: claimWords(row.Claim), Decided: row.Decided, Note: row.Note, Chosen: row.Role == RoleChosen}
		t.Rows[i].About = about(&row)
	}
	noise := false
	for _, key := range columns(r) {
		noise = addColumn(t, r, key) || noise
	}
	if !noise {
		t.Noise = nil
	}
	return t
}

// about says what a row is doing in the table and how large its model is.
func about(row *Row) string {
	var words []string
	if w := roleWords(row.Role); w != "" {
		words = append(words, w)
	}
	if row.Parameters > 0 {
		words = append(words, plural(row.Parameters, "parameter", "parameters"))
	}
	return strings.Join(words, ", ")
}

func roleWords(role string) string {
	switch role {
	case RoleChosen:
		return "this model"
	case RoleLinear:
		return "linear baseline"
	case RoleUnconstrained:
		return "no guarantee: the price of the certificate"
	}
	return ""
}

// columns lists what any row scores, in order of first appearance.
func columns(r *Report) []columnKey {
	var keys []columnKey
	seen := map[string]bool{}
	for _, row := range r.Rows {
		for _, s := range row.Scores {
			if seen[s.Part] {
				continue
			}
			seen[s.Part] = true
			for i := range r.Outputs {
				keys = append(keys, columnKey{s.Part, i})
			}
			if len(r.Outputs) > 1 && s.Pooled.known() {
				keys = append(keys, columnKey{s.Part, -1})
			}
		}
	}
	return keys
}

func score(row *Row, key columnKey) (rmse, fit float64) {
	for _, s := range row.Scores {
		if s.Part != key.part {
			continue
		}
		if key.output < 0 {
			if s.Pooled == 0 {
				return math.NaN(), math.NaN()
			}
			return float64(s.Pooled), math.NaN()
		}
		return at(s.RMSE, key.output), at(s.FIT, key.output)
	}
	return math.NaN(), math.NaN()
}

func at(s Series, i int) float64 {
	if i >= len(s) {
		return math.NaN()
	}
	return s[i]
}

// addColumn fills one column in a common unit; it tells whether the sensor noise is known.
func addColumn(t *table, r *Report, key columnKey) bool {
	out := r.Outputs[max(key.output, 0)]
	least, most := math.Inf(1), 0.0
	for i := range r.Rows {
		if v, _ := score(&r.Rows[i], key); finite(v) {
			least, most = min(least, v), max(most, v)
		}
	}
	factor, unit := 1.0, out.Unit
	if finite(least) {
		factor, unit = prefix(least, out.Unit)
	}
	head := tableHead{Part: key.part, Output: out.Name, Unit: unit}
	if key.output < 0 {
		head.Output = "all outputs"
	}
	t.Heads = append(t.Heads, head)
	for i := range r.Rows {
		v, fit := score(&r.Rows[i], key)
		c := tableCell{RMSE: digits(v*factor, 3)}
		if finite(fit) {
			c.FIT = "FIT " + minus(strconv.FormatFloat(fit, 'f', 1, 64)) + " %"
		}
		if finite(v) && most > 0 {
			c.Bar = int(math.Round(100 * v / most))
		}
		t.Rows[i].Cells = append(t.Rows[i].Cells, c)
	}
	if key.output < 0 || !out.Noise.known() {
		t.Noise = append(t.Noise, unknown)
		return false
	}
	t.Noise = append(t.Noise, digits(float64(out.Noise)*factor, 3))
	return true
}

// predictionTable sets the simulation error beside the errors of prediction, a row each.
type predictionTable struct {
	Heads  []tableHead
	Linear bool
	Rows   []predictionRow
}

type predictionRow struct {
	Name  string
	Cells []string
}

// predictions returns nil where nothing was predicted.
func predictions(r *Report, p *Part) *predictionTable {
	if len(p.Prediction) == 0 || len(r.Outputs) == 0 {
		return nil
	}
	t := &predictionTable{}
	for _, k := range p.Prediction {
		t.Linear = t.Linear || len(k.Linear) > 0
		name := "prediction, " + plural(k.Steps, "step", "steps") + " ahead"
		if r.Ts > 0 {
			name += " (" + duration(float64(k.Steps)*r.Ts) + ")"
		}
		t.Rows = append(t.Rows, predictionRow{Name: name})
	}
	t.Rows = append(t.Rows, predictionRow{Name: "simulation (free run, no measured output)"})
	for i, out := range r.Outputs {
		var own, linear []float64
		for _, k := range p.Prediction {
			own, linear = append(own, at(k.RMSE, i)), append(linear, at(k.Linear, i))
		}
		key := columnKey{p.Name, i}
		own, linear = append(own, rmseOf(find(r, RoleChosen), key)), append(linear, rmseOf(find(r, RoleLinear), key))
		factor, unit := prefix(least(own, linear), out.Unit)
		t.add(tableHead{Part: "this model", Output: out.Name, Unit: unit}, own, factor)
		if t.Linear {
			t.add(tableHead{Part: "linear model", Output: out.Name, Unit: unit}, linear, factor)
		}
	}
	return t
}

func (t *predictionTable) add(h tableHead, v []float64, factor float64) {
	t.Heads = append(t.Heads, h)
	for j := range t.Rows {
		t.Rows[j].Cells = append(t.Rows[j].Cells, digits(v[j]*factor, 3))
	}
}

func rmseOf(row *Row, key columnKey) float64 {
	if row == nil {
		return math.NaN()
	}
	v, _ := score(row, key)
	return v
}

func least(lists ...[]float64) float64 {
	v := math.Inf(1)
	for _, l := range lists {
		for _, x := range l {
			if finite(x) {
				v = min(v, x)
			}
		}
	}
	return v
}
