package linear

import (
	"math"
	"testing"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/dataset/benchmark"
)

func TestProbe(t *testing.T) {
	set, err := benchmark.Open("emps", dataDir(t))
	if err != nil {
		t.Fatal(err)
	}
	probe(t, set, Options{})
	probe(t, set, Options{Integrate: []bool{true}})

}
func probe(t *testing.T, set *dataset.Set, o Options) {
	o, _ = o.withDefaults(1, 1)
	c, err := newChooser(t.Context(), set, o)
	if err != nil {
		t.Fatal(err)
	}
	dbg = t.Logf
	found, err := c.single()
	for _, k := range found {
		m, err := c.finish(k)
		if err != nil {
			t.Error(err)
			continue
		}
		ph := c.scale.physical(m)
		t.Logf("%d %v %s score %.4g final train %.4g test %.4g;  poles %.6g %.6g", k.sum.order(), k.delay, k.method, c.scale.yStd[0]*math.Sqrt(k.score), rmse(t, ph, set, set.Train), rmse(t, ph, set, set.Test), k.sum.poles(), m.Poles())
	}
}
