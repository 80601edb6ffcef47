package grad

const (
	chunkLen = 1 << 17 // elements of an arena chunk: 1 MiB
	alignTo  = 8       // elements of a cache line
)

// arena hands out float64 slices from chunks that are kept for the next round. Chunks never move, so slices handed out
// stay valid until release.
type arena struct {
	chunks [][]float64
	place
}

// place is a fill level of an arena.
type place struct{ chunk, at int }

// get returns n elements of undefined content.
func (a *arena) get(n int) []float64 {
	size := (n + alignTo - 1) &^ (alignTo - 1)
	for ; a.chunk < len(a.chunks); a.chunk, a.at = a.chunk+1, 0 {
		if c := a.chunks[a.chunk]; a.at+size <= len(c) {
			s := c[a.at : a.at+n : a.at+n]
			a.at += size
			return s
		}
	}
	a.chunks = append(a.chunks, make([]float64, max(size, chunkLen)))
	a.at = size
	return a.chunks[a.chunk][:n:n]
}

// release gives back all that was handed out since the place was noted.
func (a *arena) release(p place) { a.place = p }

// pool keeps gradient buffers by size. The buffer given back last is handed out first, while it is in cache.
type pool struct {
	sizes []int
	free  [][][]float64 // free[i] holds buffers of sizes[i] elements
}

func (p *pool) class(n int) int {
	for i, s := range p.sizes {
		if s == n {
			return i
		}
	}
	p.sizes = append(p.sizes, n)
	p.free = append(p.free, nil)
	return len(p.sizes) - 1
}

// get returns n elements of undefined content.
func (p *pool) get(n int) []float64 {
	i := p.class(n)
	l := len(p.free[i])
	if l == 0 {
		return make([]float64, n)
	}
	b := p.free[i][l-1]
	p.free[i] = p.free[i][:l-1]
	return b
}

func (p *pool) put(b []float64) {
	i := p.class(len(b))
	p.free[i] = append(p.free[i], b)
}
