package linear

// jacobian writes derivatives of one output at samples from, from+stride, ...: one row of data per parameter, with
// room for chunk samples each.
type jacobian struct {
	s      *sum
	b      *bank
	out    int
	from   int
	stride int
	count  int
	data   []float64
	rows   int
}

// next is the next row to write.
func (j *jacobian) next() []float64 {
	r := j.data[j.rows*chunk : j.rows*chunk+j.count]
	j.rows++
	return r
}

// first writes the answer of a section with output weights c1, c2 to a signal that enters its first state, g being the
// filtered signal, times f.
func (j *jacobian) first(q section, c1, c2, f float64, g []float64) {
	row := j.next()
	a, b := f*c1, -f*c2*q.d
	if q.order == 1 {
		b = 0
	}
	k := j.from
	for i := range row {
		row[i] = a*g[k+1] + b*g[k]
		k += j.stride
	}
}

// second is first for a signal that enters the second state.
func (j *jacobian) second(q section, c1, c2, f float64, g []float64) {
	row := j.next()
	a, b := f*c2, f*(c1-c2*q.t)
	k := j.from
	for i := range row {
		row[i] = a*g[k+1] + b*g[k]
		k += j.stride
	}
}

// copied writes samples of a series.
func (j *jacobian) copied(x []float64) {
	row := j.next()
	k := j.from
	for i := range row {
		row[i] = x[k]
		k += j.stride
	}
}

// fill writes the columns in the order of normal.columns.
func (j *jacobian) fill(linear bool) {
	s, b := j.s, j.b
	n := s.order()
	c := s.c[j.out*n : (j.out+1)*n]
	each := func(do func(r, at int, q section, c1, c2 float64)) {
		at := 0
		for r, q := range s.secs {
			c2 := 0.0
			if q.order == 2 {
				c2 = c[at+1]
			}
			do(r, at, q, c[at], c2)
			at += q.order
		}
	}
	if !linear {
		each(func(r, at int, q section, c1, c2 float64) {
			if q.fixed > 0 {
				return
			}
			j.first(q, c1, c2, 1, b.h[r])
			if q.order == 2 {
				j.second(q, c1, c2, -1, b.h[r])
			}
		})
	}
	each(func(r, at int, q section, c1, c2 float64) {
		for i := range s.m {
			j.first(q, c1, c2, 1, b.g[r][i])
		}
		if q.order == 2 {
			for i := range s.m {
				j.second(q, c1, c2, 1, b.g[r][i])
			}
		}
	})
	each(func(r, at int, q section, c1, c2 float64) {
		if q.fixed > 0 {
			j.first(q, c1, c2, 1, b.g[r][s.m])
		}
	})
	if s.p > 1 {
		each(func(r, at int, q section, c1, c2 float64) {
			for i := range q.order {
				j.free(q, b.x[at+i])
			}
		})
	}
	for _, u := range b.in {
		j.copied(u)
	}
	row := j.next()
	for i := range row {
		row[i] = 1
	}
}

// free writes the derivative by an element of C; that of an integrator is not free.
func (j *jacobian) free(q section, x []float64) {
	if q.fixed == 0 {
		j.copied(x)
		return
	}
	clear(j.next())
}

// initial writes the n columns of the initial state, zeros where it has faded.
func (j *jacobian) initial(n int, live bool) {
	s, b := j.s, j.b
	at := 0
	for r, q := range s.secs {
		c1, c2 := s.c[j.out*n+at], 0.0
		if q.order == 2 {
			c2 = s.c[j.out*n+at+1]
		}
		switch {
		case !live:
			for range q.order {
				clear(j.next())
			}
		default:
			j.first(q, c1, c2, 1, b.f[r])
			if q.order == 2 {
				j.second(q, c1, c2, 1, b.f[r])
			}
		}
		at += q.order
	}
}
