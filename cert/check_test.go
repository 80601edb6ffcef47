package cert_test

import (
	"testing"
)

// fixtures are true claims of every kind.
var fixtures = []struct {
	name string
	make func() *builder
}{
	{"lure", func() *builder { return newBuilder("contraction", 1, 2, 2).lure(4, 6, 0, false) }},
	{"lure with gain", func() *builder { return newBuilder("contraction", 2, 2, 1).lure(4, 6, 0, true) }},
	{"sandwich", func() *builder { return newBuilder("contraction", 3, 1, 2).lure(3, 4, 2, true) }},
	{"linear", func() *builder { return newBuilder("contraction", 4, 2, 2).linear(3, true) }},
	{"ssm", func() *builder { return newBuilder("contraction", 5, 2, 2).ssm(3, true, 4, 0, 5) }},
	{"ssm, one block", func() *builder { return newBuilder("contraction", 6, 1, 1).ssm(3, false, 0) }},
	{"contracting ensemble", func() *builder {
		return newBuilder("contraction", 7, 2, 2).lure(3, 4, 0, true).ssm(2, true, 3, 0).linear(2, true).lure(2, 3, 1, true)
	}},
	{"gated, multiplier", func() *builder { return newBuilder("iss", 8, 2, 2).gated(4, 6, false) }},
	{"gated, vertices", func() *builder { return newBuilder("iss", 9, 2, 1).gated(4, 5, true) }},
	{"gated ensemble", func() *builder { return newBuilder("iss", 10, 1, 1).gated(3, 4, true).gated(2, 3, false) }},
	{"mixed iss", func() *builder {
		return newBuilder("iss", 11, 1, 1).gated(3, 4, true).lure(2, 3, 0, false).ssm(2, true, 0).linear(2, false)
	}},
	{"bounded", func() *builder { return newBuilder("bounded", 12, 2, 2).bounded(4, 6) }},
	{"bounded ensemble", func() *builder { return newBuilder("bounded", 13, 1, 2).bounded(3, 4).bounded(2, 3) }},
	{"mixed bounded", func() *builder {
		return newBuilder("bounded", 14, 1, 1).bounded(3, 4).gated(2, 3, true).ssm(2, false, 2).linear(2, false)
	}},
}

func TestTrueClaimsAreProved(t *testing.T) {
	for _, f := range fixtures {
		v := f.make().check(t)
		if !v.Proved {
			t.Errorf("%s: refused: %s, %s", f.name, v.Failed, v.By)
		}
		t.Logf("%s: %s", f.name, v.Statement)
	}
}
