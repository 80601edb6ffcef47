package ipm

import (
	"testing"

	"github.com/plumb-go/plumb/conic/conictest"
)

func TestSuite(t *testing.T) { conictest.Run(t, Solver{}) }
