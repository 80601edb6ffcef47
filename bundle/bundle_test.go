package bundle_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
)

// halving is x+ = x/4 + u, y = x, which contracts at rate 1/2 in the metric 1.
func halving() *bundle.Model {
	vector := func(name string, v ...float64) bundle.Tensor {
		return bundle.Tensor{Name: name, Shape: []int{len(v)}, Data: v}
	}
	row := func(name string, v ...float64) bundle.Tensor {
		return bundle.Tensor{Name: name, Shape: []int{1, len(v)}, Data: v}
	}
	low := -1.5
	return &bundle.Model{
		Manifest: bundle.Manifest{
			Inputs: []bundle.Signal{{Name: "u <in>", Unit: "V"}}, Outputs: []bundle.Signal{{Name: "y", Unit: "µm"}}, SamplingTime: 1e-7, Window: 3,
			InputDelay: []int{2}, Integrate: []bool{true}, Saturation: []bundle.Limits{{Low: &low}}, InputRange: []bundle.Range{{Low: math.Copysign(0, -1), High: 1}},
			Members:    []bundle.Member{{Kind: "linear", States: 1}},
			Provenance: bundle.Provenance{DataSHA256: strings.Repeat("0a", 32), Seed: math.MaxUint64, Version: "0.1.0"},
		},
		Tensors: []bundle.Tensor{vector("scale.u_mid", 0.5), vector("scale.u_half", 0.5), vector("scale.y_mean", 1e300), vector("scale.y_std", 5e-324),
			row("m0.A", 0.25), row("m0.B2", 1), vector("m0.bx", math.Copysign(0, -1)), row("m0.Cx", 1), row("m0.D22", 0), vector("m0.by", 0.1),
			row("m0.enc_W", 0, 0, 1, 2), vector("m0.enc_b", 0)},
		Certificate: &bundle.Certificate{Claim: "contraction", Provenance: bundle.Provenance{Seed: 1, Version: "0.1.0"},
			Members: []bundle.Witness{{Rate: big.NewRat(1, 2), M: []float64{1}}}},
		Card: "# Card\n",
	}
}

func encoded(t *testing.T, m *bundle.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bundle.Write(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEqualContentGivesEqualBytes(t *testing.T) {
	m := halving()
	want := encoded(t, m)
	slices.Reverse(m.Tensors)
	if got := encoded(t, m); !bytes.Equal(got, want) {
		t.Error("the order of the tensors changed the bytes")
	}
	back, err := bundle.Read(bytes.NewReader(want), int64(len(want)))
	if err != nil {
		t.Fatal(err)
	}
	if got := encoded(t, back); !bytes.Equal(got, want) {
		t.Error("reading and writing changed the bytes")
	}
	m.Tensors[0].Data = append([]float64(nil), m.Tensors[0].Data...)
	m.Tensors[0].Data[0]++
	if got := encoded(t, m); bytes.Equal(got, want) {
		t.Error("another weight gave the same bytes")
	}
}

// TestFormIsThatOfTheContract pins the text of docs/bundle.md: sorted keys, two spaces, one newline, one spelling.
func TestFormIsThatOfTheContract(t *testing.T) {
	data := string(encoded(t, halving()))
	for _, want := range []string{
		"{\n  \"format\": \"plumb/1\",\n  \"input_delay\": [\n    2\n  ],\n  \"input_range\": [\n    {\n      \"high\": 1,\n      \"low\": 0\n    }\n  ],\n",
		"\"sampling_time\": 1e-7,", "\"seed\": 18446744073709551615,", "\"window\": 3\n}\n", "\"rate\": \"1/2\"\n", "\"gain\": null,", "PK\x03\x04\x14\x00",
	} {
		if !strings.Contains(data, want) {
			t.Errorf("the file has no %q", want)
		}
	}
	const sum = "fe74087bce78abfc19750da33892cca358b34563b07422951af08a52e6020e13"
	got, err := bundle.Sum(halving())
	if err != nil || got != sum {
		t.Errorf("the hash of the file is %s, want %s (%v); a change of the format needs a new version", got, sum, err)
	}
}

func TestContentReadsBack(t *testing.T) {
	m := halving()
	path := filepath.Join(t.TempDir(), "a.plumb")
	if err := bundle.WriteFile(path, m); err != nil {
		t.Fatal(err)
	}
	got, err := bundle.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Manifest.WeightsSHA256 == "" || got.Manifest.WeightsSHA256 != got.Certificate.WeightsSHA256 {
		t.Errorf("hashes %q and %q", got.Manifest.WeightsSHA256, got.Certificate.WeightsSHA256)
	}
	got.Manifest.WeightsSHA256, got.Certificate.WeightsSHA256 = "", ""
	m.Manifest.InputRange[0].Low = 0 // written as zero
	slices.SortFunc(m.Tensors, func(a, b bundle.Tensor) int { return strings.Compare(a.Name, b.Name) })
	if !reflect.DeepEqual(got, m) {
		t.Errorf("got %+v\nwant %+v", got, m)
	}
	if v, err := bundle.Check(m); err != nil || !v.Proved {
		t.Errorf("the claim is not proved: %v %v", v.Failed, err)
	}
	m.Certificate = nil
	if err := bundle.WriteFile(path, m); err != nil {
		t.Fatal(err)
	}
	if got, err = bundle.ReadFile(path); err != nil || got.Certificate != nil {
		t.Errorf("certificate %v, error %v, want none", got, err)
	}
	if s, err := os.Stat(path); err != nil || s.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", s, err)
	}
}

// TestWriteFileIsAtomic: a failed write leaves the old file, and nothing beside it.
func TestWriteFileIsAtomic(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.plumb")
	if err := bundle.WriteFile(path, halving()); err != nil {
		t.Fatal(err)
	}
	old, _ := os.ReadFile(path)
	bad := halving()
	bad.Manifest.Window = 0
	if err := bundle.WriteFile(path, bad); !errors.As(err, new(*cert.MalformedError)) {
		t.Errorf("got %v, want malformed", err)
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, old) {
		t.Error("the old file is gone")
	}
	if err := bundle.WriteFile(dir, halving()); err == nil {
		t.Error("a folder was overwritten")
	}
	left, _ := os.ReadDir(dir)
	parent, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".*"))
	if len(left) != 1 || len(parent) != 0 {
		t.Errorf("left behind: %v %v", left, parent)
	}
}

func TestNothingMalformedIsWritten(t *testing.T) {
	for name, edit := range map[string]func(m *bundle.Model){
		"NaN in a weight":     func(m *bundle.Model) { m.Tensors[4].Data[0] = math.NaN() },
		"NaN in the manifest": func(m *bundle.Model) { m.Manifest.SamplingTime = math.NaN() },
		"infinity in M":       func(m *bundle.Model) { m.Certificate.Members[0].M[0] = math.Inf(1) },
		"no rate":             func(m *bundle.Model) { m.Certificate.Members[0].Rate = nil },
		"M of another size":   func(m *bundle.Model) { m.Certificate.Members[0].M = []float64{1, 2, 3, 4} },
		"M missing":           func(m *bundle.Model) { m.Certificate.Members[0].M = nil },
		"two witnesses":       func(m *bundle.Model) { m.Certificate.Members = append(m.Certificate.Members, bundle.Witness{}) },
		"unknown claim":       func(m *bundle.Model) { m.Certificate.Claim = "stable" },
		"unknown kind":        func(m *bundle.Model) { m.Manifest.Members[0].Kind = "tree" },
		"invalid UTF-8":       func(m *bundle.Model) { m.Manifest.Inputs[0].Name = "\xff" },
		"shape":               func(m *bundle.Model) { m.Tensors[4].Shape = []int{2, 1} },
		"tensor twice":        func(m *bundle.Model) { m.Tensors = append(m.Tensors, m.Tensors[0]) },
		"gain of another shape": func(m *bundle.Model) {
			m.Certificate.Members[0].Gain = &bundle.Gain{Gamma2: big.NewRat(1, 1), M: []float64{1, 2}}
		},
	} {
		m := halving()
		edit(m)
		if err := bundle.Write(io.Discard, m); err == nil || !strings.HasPrefix(err.Error(), "bundle: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteErrorsAreReturned(t *testing.T) {
	if err := bundle.Write(brokenWriter{}, halving()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}
