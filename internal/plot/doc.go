// Package plot draws the house style of Plumb's pictures as SVG: stacked panels over one horizontal axis, axes with
// units, colours that colour-blind readers can tell apart, long records decimated to the width of the page, and the
// same bytes for the same data.
//
// The writer is our own rather than gonum.org/v1/plot. Measured on two cores: linking that library with its SVG canvas
// adds 8.1 MB to a 3.2 MB program and 8 to 10 s to the first build, because it brings font files and a TeX and PDF stack;
// its SVG states every colour and font inline, so one picture cannot follow a light or a dark page; and it draws a
// polyline per sample, which for 80,000 samples is over a megabyte. What we need of it is a page of tick arithmetic.
//
// Lengths are in CSS pixels of the view box; data values are float64. NaN and infinities are missing samples: lines
// break there. On a logarithmic axis so do values that are not positive.
package plot
