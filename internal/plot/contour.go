package plot

import "math"

// Contour returns the curve f = level on a rectangle, sampled on a grid of n x n cells, as one path with breaks; nil where
// the level is not met. Marching squares with linear interpolation; saddles of a cell are resolved by the mean of its
// corners.
func Contour(f func(x, y float64) float64, xlo, xhi, ylo, yhi float64, n int, level float64) (x, y []float64) {
	at := func(i, j int) (float64, float64) {
		return xlo + (xhi-xlo)*float64(i)/float64(n), ylo + (yhi-ylo)*float64(j)/float64(n)
	}
	z := make([]float64, (n+1)*(n+1))
	for i := range n + 1 {
		for j := range n + 1 {
			px, py := at(i, j)
			z[i*(n+1)+j] = f(px, py) - level
		}
	}
	next := map[edge][]edge{}
	for i := range n {
		for j := range n {
			cross(next, z, n, i, j)
		}
	}
	put := func(e edge) {
		px, py := at(e.i, e.j)
		qx, qy := at(e.i+1-e.up, e.j+e.up)
		a, b := z[e.i*(n+1)+e.j], z[(e.i+1-e.up)*(n+1)+e.j+e.up]
		t := a / (a - b)
		x, y = append(x, px+t*(qx-px)), append(y, py+t*(qy-py))
	}
	trace := func(from edge) {
		put(from)
		for e := from; len(next[e]) > 0; {
			to := next[e][0]
			unlink(next, e, to)
			put(to)
			e = to
		}
		x, y = append(x, math.NaN()), append(y, math.NaN())
	}
	for _, open := range []bool{true, false} { // curves that leave the rectangle first, from their ends
		for i := range n + 1 {
			for j := range n + 1 {
				for up := range 2 {
					if k := len(next[edge{i, j, up}]); k == 1 || k > 0 && !open {
						trace(edge{i, j, up})
					}
				}
			}
		}
	}
	return x, y
}

// edge joins grid point (i, j) with (i+1, j), or with (i, j+1) where up is 1.
type edge struct{ i, j, up int }

// cross links the edges of a cell that the curve crosses.
func cross(next map[edge][]edge, z []float64, n, i, j int) {
	corner := []float64{z[i*(n+1)+j], z[(i+1)*(n+1)+j], z[(i+1)*(n+1)+j+1], z[i*(n+1)+j+1]}
	sides := []edge{{i, j, 0}, {i + 1, j, 1}, {i, j + 1, 0}, {i, j, 1}}
	var hit []edge
	for k, s := range sides {
		a, b := corner[k], corner[(k+1)%4]
		if !finite(a) || !finite(b) {
			return
		}
		if (a < 0) != (b < 0) {
			hit = append(hit, s)
		}
	}
	link := func(a, b edge) {
		next[a] = append(next[a], b)
		next[b] = append(next[b], a)
	}
	switch {
	case len(hit) == 2:
		link(hit[0], hit[1])
	case len(hit) == 4 && (corner[0]+corner[1]+corner[2]+corner[3] < 0) == (corner[0] < 0):
		link(hit[0], hit[1])
		link(hit[2], hit[3])
	case len(hit) == 4:
		link(hit[3], hit[0])
		link(hit[1], hit[2])
	}
}

func unlink(next map[edge][]edge, a, b edge) {
	for _, p := range [][2]edge{{a, b}, {b, a}} {
		list := next[p[0]]
		for k, e := range list {
			if e == p[1] {
				next[p[0]] = append(list[:k:k], list[k+1:]...)
				break
			}
		}
	}
}

// Streamlines returns curves along the vector field (u, v) that fill a rectangle evenly: each starts in a cell of an n x n
// grid that no other has crossed and ends where it leaves the rectangle, enters a crossed cell, or hardly moves. The step
// follows the direction of the field in the picture's proportions, so slow and fast regions are drawn alike.
func Streamlines(f func(x, y float64) (u, v float64), xlo, xhi, ylo, yhi float64, n int) []*Path {
	w, h := xhi-xlo, yhi-ylo
	crossed := make([]bool, n*n)
	cell := func(x, y float64) int {
		i, j := int((x-xlo)/w*float64(n)), int((y-ylo)/h*float64(n))
		if x < xlo || y < ylo || i >= n || j >= n {
			return -1
		}
		return i*n + j
	}
	step := 0.15 / float64(n) // of the rectangle
	march := func(x, y, sign float64, mine map[int]bool) (xs, ys []float64) {
		for range 60 * n {
			dx, dy, ok := along(f, x, y, w, h, sign*step)
			if !ok {
				return xs, ys
			}
			mx, my, ok := along(f, x+dx/2, y+dy/2, w, h, sign*step) // midpoint rule
			if !ok {
				return xs, ys
			}
			x, y = x+mx, y+my
			c := cell(x, y)
			if c < 0 || crossed[c] && !mine[c] {
				return xs, ys
			}
			if len(xs) > 40 && math.Hypot((x-xs[0])/w, (y-ys[0])/h) < step { // a closed orbit
				return append(xs, x), append(ys, y)
			}
			mine[c], crossed[c] = true, true
			xs, ys = append(xs, x), append(ys, y)
		}
		return xs, ys
	}
	var out []*Path
	for k := range n * n {
		k = k * stride(n) % (n * n) // spread the starts
		if crossed[k] {
			continue
		}
		x, y := xlo+w*(float64(k/n)+0.5)/float64(n), ylo+h*(float64(k%n)+0.5)/float64(n)
		mine := map[int]bool{k: true}
		crossed[k] = true
		fx, fy := march(x, y, 1, mine)
		bx, by := march(x, y, -1, mine)
		p := &Path{Color: Grey, Width: 1, Arrows: 1, Quiet: true}
		for i := len(bx) - 1; i >= 0; i-- {
			p.X, p.Y = append(p.X, bx[i]), append(p.Y, by[i])
		}
		p.X, p.Y = append(append(p.X, x), fx...), append(append(p.Y, y), fy...)
		if len(p.X) > 5 {
			out = append(out, p)
		}
	}
	return out
}

// along is a step along the field of the given length relative to the rectangle.
func along(f func(x, y float64) (u, v float64), x, y, w, h, step float64) (dx, dy float64, ok bool) {
	u, v := f(x, y)
	l := math.Hypot(u/w, v/h)
	if !finite(l) || l == 0 {
		return 0, 0, false
	}
	return u / l * step, v / l * step, true
}

// stride is a number without common factor with n^2, near the golden section of it.
func stride(n int) int {
	s := max(1, int(0.618*float64(n*n)))
	for gcd(s, n*n) != 1 {
		s++
	}
	return s
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
