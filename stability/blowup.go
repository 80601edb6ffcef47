package stability

import "github.com/plumb-go/plumb/internal/interval"

// blowUp is described in taylor.go
func (q *quadratic) blowUp(d []interval.I) bool { return false }
