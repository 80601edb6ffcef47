package plot

// Color is one of the house colours, after the palette of Okabe and Ito (2008), whose members colour-blind readers can
// tell apart; lighter members stand in on a dark page. Lines also differ in dash and width, so grey prints stay legible.
type Color string

// The house colours. Ink follows the text of the page.
const (
	Ink        Color = "ink"
	Vermillion Color = "vermillion"
	Blue       Color = "blue"
	Green      Color = "green"
	Purple     Color = "purple"
	Orange     Color = "orange"
	Sky        Color = "sky"
	Grey       Color = "grey"
)

// Cycle is the order in which lines of equal standing take colours.
func Cycle(i int) Color {
	c := [...]Color{Blue, Vermillion, Green, Purple, Orange, Sky, Ink}
	return c[i%len(c)]
}

// CSS is the style of inline pictures: a page includes it once. Dark holds for readers who prefer a dark page, except on
// paper.
const CSS = `.plot{--ink:#1a1a1a;--faint:#595959;--grid:#e3e3e3;--axis:#8c8c8c;--vermillion:#d55e00;--blue:#0072b2;--green:#009e73;--purple:#cc79a7;--orange:#e69f00;--sky:#56b4e9;--grey:#8f8f8f;--paper:#ffffff;
font-family:system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans",sans-serif;font-size:12px;display:block;width:100%;height:auto}
@media screen and (prefers-color-scheme:dark){.plot{--ink:#e8e8e8;--faint:#a8a8a8;--grid:#34383d;--axis:#7d848c;--vermillion:#f08b45;--blue:#56b4e9;--green:#35c796;--purple:#e39cc4;--orange:#f0b429;--sky:#9ad4f5;--grey:#8a8f96;--paper:#16191d}}
.plot text{fill:var(--ink)}.plot .t{fill:var(--faint);font-size:11px}.plot .h{font-weight:600}.plot .k{font-size:16px;font-weight:600}
.plot .e{text-anchor:end}.plot .m{text-anchor:middle}
.plot path,.plot line{fill:none}.plot .g{stroke:var(--grid);stroke-width:1}.plot .g2{stroke:var(--grid);stroke-width:1;opacity:.5}.plot .a{stroke:var(--axis);stroke-width:1}
.plot .l{stroke-linejoin:round;stroke-linecap:round}.plot .b{opacity:.16;stroke:none}.plot .r{stroke:var(--axis);stroke-width:1;stroke-dasharray:4 3}
.plot .s-ink{stroke:var(--ink)}.plot .s-vermillion{stroke:var(--vermillion)}.plot .s-blue{stroke:var(--blue)}.plot .s-green{stroke:var(--green)}.plot .s-purple{stroke:var(--purple)}.plot .s-orange{stroke:var(--orange)}.plot .s-sky{stroke:var(--sky)}.plot .s-grey{stroke:var(--grey)}
.plot .f-ink{fill:var(--ink)}.plot .f-vermillion{fill:var(--vermillion)}.plot .f-blue{fill:var(--blue)}.plot .f-green{fill:var(--green)}.plot .f-purple{fill:var(--purple)}.plot .f-orange{fill:var(--orange)}.plot .f-sky{fill:var(--sky)}.plot .f-grey{fill:var(--grey)}
.plot .paper{fill:var(--paper)}
`
