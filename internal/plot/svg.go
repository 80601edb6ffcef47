package plot

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// writer builds SVG text. Coordinates are rounded to a tenth of a pixel.
type writer struct{ strings.Builder }

func (w *writer) put(parts ...string) {
	for _, p := range parts {
		w.WriteString(p)
	}
}

// num writes a coordinate.
func num(v float64) string { return tenths(int(math.Round(v * 10))) }

func tenths(t int) string {
	sign := ""
	if t < 0 {
		sign, t = "-", -t
	}
	if t%10 == 0 {
		return sign + strconv.Itoa(t/10)
	}
	if t < 10 {
		return sign + "." + strconv.Itoa(t)
	}
	return sign + strconv.Itoa(t/10) + "." + strconv.Itoa(t%10)
}

// escape makes any string, valid UTF-8 or not, safe as XML text and attribute value.
func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
	return b.String()
}

func (w *writer) text(class string, x, y float64, s string) {
	w.put(`<text x="`, num(x), `" y="`, num(y), `"`)
	if class != "" {
		w.put(` class="`, class, `"`)
	}
	w.put(`>`, escape(s), "</text>\n")
}

func (w *writer) line(class string, x1, y1, x2, y2 float64) {
	w.put(`<path class="`, class, `" d="M`, num(x1), ` `, num(y1), `L`, num(x2), ` `, num(y2), "\"/>\n")
}

func (w *writer) rect(class string, x, y, width, height float64) {
	w.put(`<rect class="`, class, `" x="`, num(x), `" y="`, num(y), `" width="`, num(max(width, 0)), `" height="`, num(max(height, 0)), "\"/>\n")
}

// polyline returns path data in relative tenths of a pixel. NaN breaks the line; a lone point becomes a dot (a line of
// no length with round caps).
func polyline(x, y []float64) string {
	var b strings.Builder
	px, py, pen, lone := 0, 0, false, false
	dot := func() {
		if lone {
			b.WriteString("h0")
		}
	}
	for i := range x {
		if !finite(x[i]) || !finite(y[i]) {
			dot()
			pen, lone = false, false
			continue
		}
		qx, qy := int(math.Round(x[i]*10)), int(math.Round(y[i]*10))
		switch {
		case !pen:
			b.WriteString("M" + tenths(qx) + " " + tenths(qy))
			pen, lone = true, true
		case qx == px && qy == py:
			continue
		case qx == px:
			b.WriteString("v" + tenths(qy-py))
			lone = false
		case qy == py:
			b.WriteString("h" + tenths(qx-px))
			lone = false
		default:
			b.WriteString("l" + tenths(qx-px))
			if qy >= py {
				b.WriteString(" ")
			}
			b.WriteString(tenths(qy - py))
			lone = false
		}
		px, py = qx, qy
	}
	dot()
	return b.String()
}

// textWidth estimates the width of s at 12 px from the widths of common sans-serif faces, rather too wide than too narrow.
func textWidth(s string) float64 {
	var ems float64
	for _, r := range s {
		switch {
		case strings.ContainsRune("iljt.,:;'|!()[] fr·", r):
			ems += 0.34
		case strings.ContainsRune("mwMW—…", r):
			ems += 0.9
		case r >= 'A' && r <= 'Z':
			ems += 0.7
		case r > 0x2e80: // CJK and other full-width scripts
			ems += 1.05
		default:
			ems += 0.58
		}
	}
	return 12 * ems
}

// clip shortens s to a width with an ellipsis.
func clip(s string, width float64) string {
	if textWidth(s) <= width {
		return s
	}
	for s != "" && textWidth(s)+11 > width {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return strings.TrimRight(s, " ") + "…"
}
