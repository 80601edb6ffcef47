package train

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/plumb-go/plumb/internal/kernel"
	"github.com/plumb-go/plumb/internal/parallel"
	"github.com/plumb-go/plumb/model"
	"github.com/plumb-go/plumb/nn/seq"
)

// Sequence is one uninterrupted stretch of scaled signals, inputs x samples and outputs x samples.
type Sequence struct{ U, Y seq.Mat }

// Len is the number of samples.
func (s Sequence) Len() int { return s.U.Cols }

// Start is the place of a window: its first predicted sample.
type Start struct{ Sequence, At int }

// OutputMap is what stands between the network's output and the measured signal.
type OutputMap struct {
	Low, High []float64 // scaled sensor limits per output; -Inf and +Inf where there are none
	Integrate []float64 // 0: the output is compared as it is; > 0: its running sum divided by this number is
}

// Windows is the free-simulation objective: the mean squared error over windows of Steps samples, each simulated from
// an initial state that a linear encoder reads off the Lags samples before it,
//
//	x(0) = W [u(-Lags..-1); y(-Lags..-1)] + b,   L = mean (yhat - y)^2 + WeightDecay |theta|^2.
//
// where a network that confines its initial state (seq.Confined) starts from box * tanh(x(0)), and one that is
// penalised (model.Penalised) adds its penalty to the loss that is minimised.
// The parameter vector is [network parameters; W (States x Lags(m+p)); b (States)]. No measured output inside a window
// enters its simulation. Windows are cut into equal chunks of lanes, evaluated in parallel and summed in order.
type Windows struct {
	Net         model.Network
	Data        []Sequence
	Out         OutputMap
	Lags        int
	Steps       int
	Washout     int  // steps at the start of each window that are simulated but not scored
	RandomStart bool // windows that are drawn start from a random state in the box of the network, not from the encoder
	WeightDecay float64

	starts  []Start
	random  seq.Mat // States x windows: initial states before the box, with RandomStart
	lanes   int
	pool    *parallel.Pool
	workers []*worker
	parts   []part
	w, dw   []float64
	enc     []float64           // encoder part of the parameters of the running evaluation
	grad    bool                // whether the running evaluation wants gradients
	task    func(worker, i int) // evaluates chunk i; made once, so that an evaluation allocates nothing
}

type worker struct {
	pass           seq.Pass
	past, u, x0, y seq.Mat
	dy, dx0        seq.Mat
	target         seq.Mat
	e, de          seq.Mat // what the encoder says, where the network confines it
}

type part struct {
	sum  float64
	dw   []float64 // gradient of the deployed weights
	denc []float64 // gradient of the encoder
}

// maxLanes bounds the lanes of a chunk: wide enough to fill vectors, small enough for the cache and for sharing a
// batch between cores.
const maxLanes = 24

// NewWindows returns an objective without windows; call Set or Draw next.
func NewWindows(net model.Network, data []Sequence, out OutputMap, lags, steps int, pool *parallel.Pool) *Windows {
	o := &Windows{Net: net, Data: data, Out: out, Lags: lags, Steps: steps, pool: pool,
		w: make([]float64, net.Layout().Len()), dw: make([]float64, net.Layout().Len())}
	o.task = func(id, chunk int) { o.chunk(o.workers[id], chunk) }
	return o
}

// Use changes the workers; results do not depend on them.
func (o *Windows) Use(pool *parallel.Pool) {
	if o == nil || o.pool == pool {
		return
	}
	o.pool = pool
	if len(o.starts) > 0 {
		o.shape()
	}
}

// Dim is the number of parameters including the encoder's.
func (o *Windows) Dim() int { return o.Net.Dim() + o.encoderDim() }

func (o *Windows) encoderDim() int {
	n := o.Net.States()
	return n*o.Lags*(o.Net.Inputs()+o.Net.Outputs()) + n
}

// Room is the number of admissible window starts in sequence i.
func (o *Windows) room(i int) int { return o.Data[i].Len() - o.Lags - o.Steps + 1 }

// Draw chooses count windows uniformly over all admissible starts.
func (o *Windows) Draw(r *rand.Rand, count int) error {
	total := 0
	for i := range o.Data {
		total += max(o.room(i), 0)
	}
	if total == 0 {
		return fmt.Errorf("train: no sequence has the %d samples that a window of %d steps with %d lags needs", o.Lags+o.Steps, o.Steps, o.Lags)
	}
	if cap(o.starts) < count {
		o.starts = make([]Start, 0, count)
	}
	o.starts = o.starts[:0]
	for range count {
		k := r.IntN(total)
		for i := range o.Data {
			if m := max(o.room(i), 0); k >= m {
				k -= m
				continue
			}
			o.starts = append(o.starts, Start{i, o.Lags + k})
			break
		}
	}
	if o.RandomStart {
		o.drawStates(r)
	}
	o.shape()
	return nil
}

// drawStates draws initial states uniformly from the box: box * tanh(e) with tanh(e) uniform.
func (o *Windows) drawStates(r *rand.Rand) {
	n := o.Net.States()
	if o.random.Cols != len(o.starts) {
		o.random = seq.NewMat(n, len(o.starts))
	}
	for i := range n {
		row := o.random.Row(i)
		for l := range row {
			row[l] = math.Atanh(2*r.Float64() - 1)
		}
	}
}

// Cover places non-overlapping windows over all sequences, at most limit of them (0: no limit), evenly thinned.
func (o *Windows) Cover(limit int) error {
	var all []Start
	for i := range o.Data {
		for at := o.Lags; at+o.Steps <= o.Data[i].Len(); at += o.Steps {
			all = append(all, Start{i, at})
		}
		if n := o.Data[i].Len(); n >= o.Lags+o.Steps && (n-o.Lags)%o.Steps > o.Steps/4 {
			all = append(all, Start{i, n - o.Steps}) // the tail, overlapping its predecessor
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("train: no sequence has the %d samples that a window of %d steps with %d lags needs", o.Lags+o.Steps, o.Steps, o.Lags)
	}
	if limit > 0 && len(all) > limit {
		thin := make([]Start, limit)
		for i := range thin {
			thin[i] = all[i*len(all)/limit]
		}
		all = thin
	}
	o.starts = all
	o.shape()
	return nil
}

// Count is the number of windows.
func (o *Windows) Count() int { return len(o.starts) }

// shape makes workspaces for the present number of windows; it allocates only when the chunk shape changes.
func (o *Windows) shape() {
	chunks := (len(o.starts) + maxLanes - 1) / maxLanes
	lanes := (len(o.starts) + chunks - 1) / chunks
	lanes = (lanes + 3) &^ 3
	chunks = (len(o.starts) + lanes - 1) / lanes
	if lanes != o.lanes || len(o.workers) != o.pool.Workers() {
		o.lanes = lanes
		o.workers = make([]*worker, o.pool.Workers())
		c, k := o.Net, o.Steps*lanes
		for i := range o.workers {
			o.workers[i] = &worker{
				pass: c.NewPass(o.Steps, lanes),
				past: seq.NewMat(o.Lags*(c.Inputs()+c.Outputs()), lanes),
				u:    seq.NewMat(c.Inputs(), k), x0: seq.NewMat(c.States(), lanes),
				y: seq.NewMat(c.Outputs(), k), dy: seq.NewMat(c.Outputs(), k),
				dx0: seq.NewMat(c.States(), lanes), target: seq.NewMat(c.Outputs(), k),
			}
			o.workers[i].e, o.workers[i].de = o.workers[i].x0, o.workers[i].dx0
			if _, ok := o.Net.(seq.Confined); ok {
				o.workers[i].e, o.workers[i].de = seq.NewMat(c.States(), lanes), seq.NewMat(c.States(), lanes)
			}
		}
	}
	for len(o.parts) < chunks {
		o.parts = append(o.parts, part{dw: make([]float64, len(o.w)), denc: make([]float64, o.encoderDim())})
	}
	o.parts = o.parts[:chunks]
}

// ValueGrad returns the loss and overwrites grad.
func (o *Windows) ValueGrad(theta, grad []float64) float64 { return o.eval(theta, grad) }

// Value returns the loss alone, without the weight decay.
func (o *Windows) Value(theta []float64) float64 { return o.eval(theta, nil) }

func (o *Windows) eval(theta, grad []float64) float64 {
	o.Net.Deploy(theta, o.w)
	o.enc, o.grad = theta[o.Net.Dim():], grad != nil
	o.pool.Run(len(o.parts), o.task)
	var sum float64
	for i := range o.parts {
		sum += o.parts[i].sum
	}
	scale := 1 / (float64(len(o.starts)) * float64(o.Steps-o.Washout) * float64(o.Net.Outputs()))
	loss := sum * scale
	if grad == nil {
		return loss
	}
	clear(grad)
	clear(o.dw)
	genc := grad[o.Net.Dim():]
	for i := range o.parts {
		kernel.Add(o.dw, o.dw, o.parts[i].dw)
		kernel.Add(genc, genc, o.parts[i].denc)
	}
	for i := range o.dw {
		o.dw[i] *= scale
	}
	for i := range genc {
		genc[i] *= scale
	}
	o.Net.Pullback(theta, o.dw, grad[:o.Net.Dim()])
	if p, ok := o.Net.(model.Penalised); ok {
		loss += p.Penalty(theta[:o.Net.Dim()], grad[:o.Net.Dim()])
	}
	if o.WeightDecay > 0 {
		for i, v := range theta {
			loss += o.WeightDecay * v * v
			grad[i] += 2 * o.WeightDecay * v
		}
	}
	return loss
}

// chunk simulates one chunk of lanes and, when asked, pulls its gradient back; lanes beyond the last window repeat
// window 0 with weight zero.
func (o *Windows) chunk(k *worker, chunk int) {
	net, L, enc := o.Net, o.lanes, o.enc
	n, m, p := net.States(), net.Inputs(), net.Outputs()
	rows := o.Lags * (m + p)
	first := chunk * L
	live := min(L, len(o.starts)-first)
	for l := range L {
		s := o.starts[0]
		if l < live {
			s = o.starts[first+l]
		}
		d := o.Data[s.Sequence]
		for i := range m {
			src := d.U.Row(i)[s.At-o.Lags : s.At+o.Steps]
			for j := range o.Lags {
				k.past.Data[(i*o.Lags+j)*k.past.Stride+l] = src[j]
			}
			row := k.u.Row(i)
			for t := range o.Steps {
				row[t*L+l] = src[o.Lags+t]
			}
		}
		for i := range p {
			src := d.Y.Row(i)[s.At-o.Lags : s.At+o.Steps]
			for j := range o.Lags {
				k.past.Data[((m+i)*o.Lags+j)*k.past.Stride+l] = src[j]
			}
			row := k.target.Row(i)
			for t := range o.Steps {
				row[t*L+l] = src[o.Lags+t]
			}
		}
	}
	drawn := o.RandomStart && o.random.Cols == len(o.starts)
	if drawn {
		for i := range n {
			copy(k.e.Row(i)[:live], o.random.Row(i)[first:])
		}
	} else {
		b := enc[n*rows:]
		for i := range n {
			row := k.e.Row(i)
			for j := range row {
				row[j] = b[i]
			}
		}
		kernel.Gemm(false, false, n, L, rows, enc, rows, k.past.Data, k.past.Stride, true, k.e.Data, k.e.Stride)
	}
	confined, boxed := net.(seq.Confined)
	if boxed {
		seq.Confine(confined, o.w, k.e, k.x0)
	}
	k.pass.Forward(o.w, k.u, k.x0, k.y)
	pt := &o.parts[chunk]
	pt.sum = o.residual(k, live)
	if !o.grad {
		return
	}
	clear(pt.dw)
	clear(pt.denc)
	for i := range n {
		clear(k.dx0.Row(i))
	}
	k.pass.Backward(o.w, k.dy, pt.dw, k.dx0)
	if boxed {
		seq.ConfinePull(confined, o.w, k.x0, k.dx0, pt.dw, k.de)
	}
	if drawn {
		return // the encoder has no part in this window
	}
	kernel.Gemm(false, true, n, rows, L, k.de.Data, k.de.Stride, k.past.Data, k.past.Stride, false, pt.denc, rows)
	for i := range n {
		var s float64
		for _, v := range k.de.Row(i) {
			s += v
		}
		pt.denc[n*rows+i] = s
	}
}

// leak is the slope beyond a sensor limit in training, so that a saturated prediction still feels a gradient.
const leak = 0.01

// residual turns the network's output into the measured quantity, writes dL/dy (times the number of terms) into dy and
// returns the sum of squares over the live lanes.
func (o *Windows) residual(k *worker, live int) float64 {
	var sum float64
	L := o.lanes
	for i := range k.y.Rows {
		y, d, target := k.y.Row(i), k.dy.Row(i), k.target.Row(i)
		if kappa := o.Out.Integrate[i]; kappa > 0 {
			sum += integrated(y, d, target, L, live, o.Washout, 1/kappa)
			continue
		}
		low, high := o.Out.Low[i], o.Out.High[i]
		clear(d[:o.Washout*L])
		for t := o.Washout; t < o.Steps; t++ {
			for j := t * L; j < (t+1)*L; j++ {
				v, slope := y[j], 1.0
				if v > high {
					v, slope = high+leak*(v-high), leak
				} else if v < low {
					v, slope = low+leak*(v-low), leak
				}
				e := v - target[j]
				if j-t*L >= live {
					e = 0
				}
				sum += e * e
				d[j] = 2 * e * slope
			}
		}
	}
	return sum
}

// integrated compares running sums after the washout: e(t) = s * sum over washout <= tau <= t of (y - target)(tau).
func integrated(y, d, target []float64, lanes, live, washout int, s float64) float64 {
	var sum float64
	clear(d[:washout*lanes])
	for l := range lanes {
		var run float64
		for j := washout*lanes + l; j < len(y); j += lanes {
			run += y[j] - target[j]
			e := s * run
			if l >= live {
				e = 0
			}
			sum += e * e
			d[j] = 2 * e * s
		}
		var back float64
		for j := len(y) - lanes + l; j >= washout*lanes; j -= lanes {
			back += d[j]
			d[j] = back
		}
	}
	return sum
}

// InitEncoder draws the encoder's weights; small, because the first state is a guess that training improves.
func (o *Windows) InitEncoder(r *rand.Rand, theta []float64) {
	enc := theta[o.Net.Dim():]
	n := o.Net.States()
	model.Normal(r, enc[:len(enc)-n], 0.02)
	clear(enc[len(enc)-n:])
}

// Norm is the 2-norm of x.
func norm(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v * v
	}
	return math.Sqrt(s)
}
