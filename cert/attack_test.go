package cert_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/big"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
)

// edited writes a model and replaces text in one entry.
func edited(t *testing.T, m *bundle.Model, entry, old, new string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := bundle.Write(&out, m); err != nil {
		t.Fatal(err)
	}
	names, entries := contents(t, out.Bytes())
	if !bytes.Contains(entries[entry], []byte(old)) {
		t.Fatalf("%s has no %s:\n%s", entry, old, entries[entry])
	}
	entries[entry] = bytes.Replace(entries[entry], []byte(old), []byte(new), 1)
	return zipped(t, zip.Deflate, names, entries, nil)
}

// TestChannelTwice: two factors f, g on one signal would be proved as f + g - 1 and read as their product.
func TestChannelTwice(t *testing.T) {
	m := siso("1/2").model()
	w := &m.Certificate.Members[0]
	w.Lambda = []float64{1, 1}
	for channels, want := range map[string]string{"[0, 0]": "channels[1]: want an integer from 1 to 1", "[1, 0]": "channels[1]: want an integer from 2 to 1"} {
		var out bytes.Buffer
		w.Channels = []int{0, 1}
		if err := bundle.Write(&out, m); err != nil {
			t.Fatal(err)
		}
		names, entries := contents(t, out.Bytes())
		text := string(entries["certificate.json"])
		i := strings.Index(text, `"channels": [`) + len(`"channels": `)
		end := i + strings.Index(text[i:], "]") + 1
		entries["certificate.json"] = []byte(text[:i] + channels + text[end:])
		expectMalformed(t, channels, zipped(t, zip.Store, names, entries, nil), want)
	}
}

// TestTextIsPrintable: neither the names nor the keys of a file can move a cursor, break a line, turn the direction of text or hide; so a
// file cannot print a verdict of its own. No message repeats them.
func TestTextIsPrintable(t *testing.T) {
	for name, s := range map[string]string{
		"escape": `\u001b[1A\u001b[2Kgood.plumb: proved`, "new line": `u\ngood.plumb: proved`, "return": `u\r`, "zero": `u\u0000`, "C1": `u\u009b2K`,
		"right to left": `\u202eu`, "zero width": `u\u200b`, "no-break space": `u\u00a0u`, "line separator": `u\u2028u`, "long": strings.Repeat("u", 129),
	} {
		for _, edit := range [][3]string{
			{"manifest.json", `"name": "x0"`, `"name": "` + s + `"`}, {"manifest.json", `"name": "test"`, `"name": "` + s + `"`}, {"manifest.json", `"unit": ""`, `"unit": "` + s + `"`},
			{"manifest.json", `"version": ""`, `"version": "` + s + `"`}, {"manifest.json", `"seed"`, `"` + s + `": 0, "seed"`},
			{"certificate.json", `"claim"`, `"` + s + `": 0, "claim"`}, {"certificate.json", `"claim": "lyapunov"`, `"claim": "` + s + `"`},
		} {
			data := edited(t, pendulum("1/1"), edit[0], edit[1], edit[2])
			_, err := cert.Open(bytes.NewReader(data), int64(len(data)))
			if err == nil || len(err.Error()) > 300 || strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%s in %s: %.300q", name, edit[1], fmt.Sprint(err))
			}
		}
	}
	good := edited(t, pendulum("1/1"), "manifest.json", `"unit": ""`, `"unit": "µm/s², Ω·°C 電圧"`)
	if _, err := cert.Open(bytes.NewReader(good), int64(len(good))); err != nil {
		t.Error(err)
	}
}

// TestMarginNamesSignals: the sentence tells inputs from outputs, whatever their names.
func TestMarginNamesSignals(t *testing.T) {
	for c, want := range map[int]string{0: `: input "y, or more".`, 1: `: output "y, or more".`} {
		l := siso("1/2")
		l.channels = []int{c}
		m := l.model()
		m.Manifest.Inputs[0].Name, m.Manifest.Outputs[0].Name = "y, or more", "y, or more"
		if v := judged(t, m); !v.Proved || !strings.Contains(v.Statement, want) {
			t.Errorf("channel %d: %s", c, v.Statement)
		}
	}
}

// TestSmallFilesTakeLittleMemory: a path in front of each of many values, objects of nothing, and lists of lists.
func TestSmallFilesTakeLittleMemory(t *testing.T) {
	const limit = 64 << 20 // bytes allocated in all; a reader without limits takes a hundred times as much
	for name, text := range map[string]string{
		"long key": `{"` + strings.Repeat("k", 10000) + `": [` + strings.Repeat("0,", 1e5) + `0]}`,
		"keys":     strings.Repeat(`{"`+strings.Repeat("k", 100)+`":`, 8) + `[` + strings.Repeat("0,", 1e5) + `0]` + strings.Repeat("}", 8),
		"objects":  `[` + strings.Repeat("{},", 1e6) + `0]`,
		"commas":   `[` + strings.Repeat("0,", 2e6) + `0]`,
	} {
		data := edited(t, pendulum("1/1"), "certificate.json", `"claim"`, `"a": `+text+`, "claim"`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := cert.Open(bytes.NewReader(data), int64(len(data)))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > limit {
			t.Errorf("%s: %d MiB for %d bytes, %.200v", name, used>>20, len(data), err)
		}
	}
}

// TestWorkOfSystemsIsCounted: the three kinds of work that grow fastest, each many times beyond the limit, end at it: functions in long
// expressions, the metric of many states at the points of a grid, and the slopes of many states at 0.
func TestWorkOfSystemsIsCounted(t *testing.T) {
	const limit = 90 * time.Second // on a busy machine
	ones := slices.Repeat([]float64{1}, 256)
	var decay []string
	var squares []bundle.Square
	for i := range 256 {
		decay = append(decay, fmt.Sprintf("x%d neg", i))
		squares = append(squares, bundle.Square{Weight: 2, Root: []string{fmt.Sprint("x", i)}})
	}
	slopes := regional(true, expressions(decay[:80]...), "1/1", "0/1", ones[:80]...)
	for i := range slopes.Certificate.Members[0].M {
		slopes.Certificate.Members[0].M[i] += 1.0 / 1024
	}
	models := map[string]*bundle.Model{
		"grid":   system(true, expressions(decay...), "lyapunov", bundle.Witness{Rate: new(big.Rat), M: eye(256).v, Squares: squares}),
		"slopes": slopes,
	}
	for _, f := range []string{"cos ", "tanh ", "exp neg ", "pow:64 0.75 * 0.92 + "} {
		count := 4000 / len(strings.Fields(f))
		models[f] = regional(true, expressions("x0 pow:3 x0 - x0 9 / "+strings.Repeat(f, count)+" 0 * +", "x1 pow:3 x1 -"), "1/1", "0/1", 1, 1)
		root := strings.Fields("x0 9 / " + strings.Repeat(f, count))
		models["squares of "+f] = system(true, expressions("x0 neg"), "lyapunov", bundle.Witness{Rate: new(big.Rat), M: []float64{1},
			Squares: append(slices.Repeat([]bundle.Square{{Weight: 2, Root: root}}, 60), squares[0])})
	}
	for name, m := range models {
		if effort(1, 0, 0) == 0 {
			continue
		}
		start := time.Now()
		v := judged(t, m)
		t.Logf("%s: %v: %s", name, time.Since(start), v.Failed)
		if v.Proved || time.Since(start) > limit {
			t.Errorf("%s: proved %t after %v", name, v.Proved, time.Since(start))
		}
	}
}
