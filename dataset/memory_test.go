package dataset

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// bigFile writes a table of three columns with the given number of rows. Values are those of a logger: a slow wave,
// fewer digits in the first half than in the second, so that the number of rows cannot be told from the beginning.
func bigFile(tb testing.TB, rows int) (path string, size int64) {
	tb.Helper()
	path = filepath.Join(tb.TempDir(), "big.csv")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "u1,u2,y")
	x := uint64(88172645463325252)
	for k := range rows {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		if 2*k < rows {
			fmt.Fprintf(w, "%d.%d,-0.%04d,%d\n", x%10, x>>8%100, x>>20%10000, x>>40%100)
		} else {
			fmt.Fprintf(w, "%d.%06d,-0.%06d,%d.%05d\n", x%10, x>>8%1000000, x>>20%1000000, x>>40%100, x>>44%100000)
		}
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	size, err = f.Seek(0, 1)
	if err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return path, size
}

// allocated runs f and returns the bytes it allocated in all, an upper bound of its peak whatever the collector did.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestMemory: reading allocates 8 bytes per value and little else, all allocations counted, even those that a collector
// could have freed. The bound for ten million rows is 8 bytes a value + 64 MB; here it is scaled with the rows.
func TestMemory(t *testing.T) {
	const rows, columns, spare = 300_000, 3, 64 << 20 * 300_000 / 10_000_000
	path, size := bigFile(t, rows)
	var rec *Record
	var err error
	got := allocated(func() { rec, err = Open(path, Options{}) })
	if err != nil {
		t.Fatal(err)
	}
	if n := rec.Experiments[0].Len(); n != rows {
		t.Fatalf("%d rows, want %d", n, rows)
	}
	if limit := uint64(8*columns*rows + spare); got > limit {
		t.Errorf("%d bytes allocated for %d values of a file of %d bytes, limit %d", got, columns*rows, size, limit)
	}
	one := allocated(func() { rec, err = Open(path, Options{Columns: []string{"y"}}) })
	if limit := uint64(8*rows + spare); err != nil || one > limit {
		t.Errorf("one column: %d bytes allocated (%v), limit %d", one, err, limit)
	}
}

// TestWrongEstimate: the estimate of rows may be far off; the values must not be.
func TestWrongEstimate(t *testing.T) {
	const rows = 30_000
	path, size := bigFile(t, rows)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // read only
	exact, err := ReadCSV(f, path, size, Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, claim := range []int64{0, 1, 1000, size / 2, size * 4} {
		r, err := ReadCSV(strings.NewReader(string(text)), path, claim, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !same(r.Experiments[0].Data, exact.Experiments[0].Data) {
			t.Errorf("size stated as %d: other values", claim)
		}
	}
}

// TestWideHeader: many columns and many blank lines must not multiply to an allocation that no data justify.
func TestWideHeader(t *testing.T) {
	const columns, lines = 20_000, 2_000_000
	var b strings.Builder
	for i := range columns {
		fmt.Fprintf(&b, "c%d,", i)
	}
	b.WriteString("\n" + strings.Repeat(",", columns) + strings.Repeat("\n", lines))
	var err error
	got := allocated(func() { _, err = readText(b.String(), Options{}) })
	if limit := uint64(16*b.Len() + 32<<20); err != nil || got > limit {
		t.Errorf("%d bytes of text: %d allocated, limit %d (%v)", b.Len(), got, limit, err)
	}
}

// BenchmarkOpenCSV reads ten million rows of three columns (a tenth with -short) and reports bytes per second and the
// bytes allocated per value, all allocations counted.
func BenchmarkOpenCSV(b *testing.B) {
	rows := 10_000_000
	if testing.Short() {
		rows /= 10
	}
	path, size := bigFile(b, rows)
	b.SetBytes(size)
	b.ReportAllocs()
	var total uint64
	for b.Loop() {
		total = allocated(func() {
			if _, err := Open(path, Options{}); err != nil {
				b.Fatal(err)
			}
		})
	}
	b.ReportMetric(float64(total)/float64(3*rows), "B/value")
}
