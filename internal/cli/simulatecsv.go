package cli

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/plumb-go/plumb/dataset"
)

// simulationCSV lists time, measured and simulated outputs of the simulated samples, a file that plumb itself can read.
func simulationCSV(set *dataset.Set, parts []dataset.Part, sims [][][]float64) []byte {
	var b bytes.Buffer
	r := set.Record
	several := len(parts) > 1
	var head []string
	if several {
		head = append(head, "experiment")
	}
	if r.Ts > 0 {
		head = append(head, "t [s]")
	} else {
		head = append(head, "sample")
	}
	for _, c := range set.Outputs {
		s := r.Signals[c]
		head = append(head, cell(withUnit(s.Name, s.Unit)), cell(withUnit(s.Name+"_simulated", s.Unit)))
	}
	b.WriteString(strings.Join(head, ",") + "\n")
	for i, p := range parts {
		for k := range p.Scored() {
			at := p.From + p.Window + k
			if several {
				b.WriteString(cell(p.Name) + ",")
			}
			if r.Ts > 0 {
				b.WriteString(strconv.FormatFloat(float64(at)*r.Ts, 'g', 12, 64))
			} else {
				b.WriteString(strconv.Itoa(at))
			}
			for j, c := range set.Outputs {
				for _, v := range []float64{r.Experiments[p.Experiment].Data[c][at], sims[i][j][k]} {
					b.WriteByte(',')
					if !math.IsNaN(v) {
						b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
					}
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// cell quotes a text where CSV needs it.
func cell(s string) string {
	if strings.ContainsAny(s, ",\"\n\r") {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}
