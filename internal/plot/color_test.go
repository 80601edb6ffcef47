package plot

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// palettes reads the colours of the light and the dark page from the style itself, as linear RGB.
func palettes(t *testing.T) []map[string][3]float64 {
	t.Helper()
	blocks := regexp.MustCompile(`\.plot\{(--[^}]*)\}`).FindAllStringSubmatch(strings.ReplaceAll(CSS, "\n", ""), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d palettes in the style, want light and dark", len(blocks))
	}
	var out []map[string][3]float64
	for _, b := range blocks {
		p := map[string][3]float64{}
		for _, m := range regexp.MustCompile(`--(\w+):#([0-9a-f]{6})`).FindAllStringSubmatch(b[1], -1) {
			var c [3]float64
			for i := range c {
				v, _ := strconv.ParseUint(m[2][2*i:2*i+2], 16, 8)
				c[i] = linear(float64(v) / 255)
			}
			p[m[1]] = c
		}
		out = append(out, p)
	}
	return out
}

// linear undoes the sRGB transfer curve (IEC 61966-2-1).
func linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func luminance(c [3]float64) float64 { return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2] }

// TestContrast: text has the contrast 4.5 and lines that carry data the contrast 3 with the page, as WCAG 2.1 (1.4.3,
// 1.4.11) asks.
func TestContrast(t *testing.T) {
	for i, p := range palettes(t) {
		for name, least := range map[string]float64{"ink": 4.5, "faint": 4.5, "vermillion": 3, "blue": 3, "green": 3, "purple": 3, "grey": 3} {
			a, b := luminance(p[name])+0.05, luminance(p["paper"])+0.05
			if c := max(a, b) / min(a, b); c < least {
				t.Errorf("palette %d: %s has contrast %.2f with the page, want %g", i, name, c, least)
			}
		}
	}
}

// TestColourBlind: the colours that meet in one picture stay apart for protanopes and deuteranopes, by the simulation of
// Viénot, Brettel and Mollon (1999) in linear RGB.
func TestColourBlind(t *testing.T) {
	blind := map[string][3][3]float64{
		"protan": {{0.11238, 0.88762, 0}, {0.11238, 0.88762, 0}, {0.00401, -0.00401, 1}},
		"deutan": {{0.29275, 0.70725, 0}, {0.29275, 0.70725, 0}, {-0.02234, 0.02234, 1}},
	}
	const apart = 0.12 // of the cube's edge in sRGB after the transfer curve: red and green of equal lightness give less
	names := []string{"vermillion", "blue", "green", "purple", "grey"}
	meets := map[string]bool{"vermillion blue": true, "vermillion grey": true, "vermillion green": true, "blue grey": true, "blue green": true, "vermillion purple": true, "blue purple": true, "green purple": true}
	for i, p := range palettes(t) {
		for who, m := range blind {
			for a := range names {
				for b := a + 1; b < len(names); b++ {
					if !meets[names[a]+" "+names[b]] {
						continue
					}
					if d := distance(m, p[names[a]], p[names[b]]); d < apart {
						t.Errorf("palette %d, %s: %s and %s are %.3f apart, want %g", i, who, names[a], names[b], d, apart)
					}
				}
			}
		}
	}
	red, green := [3]float64{0.4, 0.05, 0}, [3]float64{0.07, 0.1915, 0} // the confusion that the test must see
	if d := distance(blind["deutan"], red, green); d >= apart {
		t.Errorf("red and green of equal lightness are %.3f apart for a deuteranope: the test sees nothing", d)
	}
}

func distance(m [3][3]float64, a, b [3]float64) float64 {
	var sum float64
	for i := range m {
		var u, v float64
		for j := range a {
			u += m[i][j] * a[j]
			v += m[i][j] * b[j]
		}
		d := math.Pow(max(u, 0), 1/2.2) - math.Pow(max(v, 0), 1/2.2)
		sum += d * d
	}
	return math.Sqrt(sum)
}
