package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"holdfast/archive/notation"

	"github.com/goccy/go-yaml/ast"
)

// ArrivalProcess names how the operations of a rate come.
type ArrivalProcess string

// The processes.
const (
	Poisson  ArrivalProcess = ""         // each actor's by itself, with exponential gaps
	Bursts   ArrivalProcess = "bursts"   // those of all clients of the actor together, with exponential gaps between the bursts
	Periodic ArrivalProcess = "periodic" // those of all clients of the actor together, one period after the other, at once first
	Day      ArrivalProcess = "day"      // Poisson whose rate is 1 - cos(2πx) of the mean at a share x of the duration
	Curve    ArrivalProcess = "curve"    // Poisson whose rate follows weights
)

// Arrivals say how the operations of a rate come. The zero value is a Poisson process.
type Arrivals struct {
	Process ArrivalProcess
	// Weights of a curve are those of equal parts of the duration, in their order.
	Weights []float64
}

const arrivalSyntax = "want poisson, bursts, periodic, day or curve(W,W,…)"

// parseArrivals reads poisson, bursts, periodic, day or curve(1,2.5,4).
func parseArrivals(text string) (a Arrivals, err error) {
	term := notation.Split(text)
	switch a.Process = ArrivalProcess(term.Kind); {
	case !term.Opened && term.Kind == "poisson":
		a.Process = Poisson
	case !term.Opened && (a.Process == Bursts || a.Process == Periodic || a.Process == Day):
	case a.Process == Curve && term.Closed:
		a.Weights, err = parseWeights(term.Args)
	default:
		err = fmt.Errorf("%s, not %q", arrivalSyntax, text)
	}
	return a, err
}

func parseWeights(text string) (all []float64, err error) {
	sum := 0.0
	for one := range strings.SplitSeq(text, ",") {
		w, err := strconv.ParseFloat(strings.TrimSpace(one), 64)
		if err != nil || !(w >= 0 && w <= mostWeight) {
			return nil, fmt.Errorf("a weight of a curve must be a number from 0 to %v, not %q", mostWeight, strings.TrimSpace(one))
		}
		all, sum = append(all, w), sum+w
	}
	if sum == 0 || slices.Max(all)*float64(len(all))/sum > steepest {
		return nil, fmt.Errorf("the weights of a curve must not all be 0, nor one so much higher than their mean that it is more than %v times it", steepest)
	}
	return all, nil
}

const (
	mostWeight = 1e9
	// steepest bounds how many draws it takes for one that is kept.
	steepest = 10_000
)

// String returns the arrivals as a file has them.
func (a Arrivals) String() string {
	switch a.Process {
	case Poisson:
		return "poisson"
	case Curve:
		texts := make([]string, len(a.Weights))
		for i, w := range a.Weights {
			texts[i] = strconv.FormatFloat(w, 'g', -1, 64)
		}
		return "curve(" + strings.Join(texts, ",") + ")"
	}
	return string(a.Process)
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (a *Arrivals) UnmarshalYAML(node ast.Node) error {
	text, err := scalar(node)
	if err != nil {
		return err
	}
	parsed, err := parseArrivals(text)
	if err != nil {
		return badValue(node, err)
	}
	*a = parsed
	return nil
}

// MarshalYAML writes the arrivals as they are read.
func (a Arrivals) MarshalYAML() (any, error) { return a.String(), nil }

// varies reports whether the rate changes over the duration.
func (a *Arrivals) varies() bool { return a.Process == Day || a.Process == Curve }

// relative is the rate at a share x of the duration, from 0 to 1, by its mean.
func (a *Arrivals) relative(x float64) float64 {
	if a.Process == Day {
		return 1 - math.Cos(2*math.Pi*x)
	}
	part := min(int(x*float64(len(a.Weights))), len(a.Weights)-1)
	return a.Weights[part] / a.mean()
}

// highest is the largest that relative can be.
func (a *Arrivals) highest() float64 {
	if a.Process == Day {
		return 2
	}
	return slices.Max(a.Weights) / a.mean()
}

func (a *Arrivals) mean() float64 {
	sum := 0.0
	for _, w := range a.Weights {
		sum += w
	}
	return sum / float64(len(a.Weights))
}

// until is the share of all arrivals that come until a share x of the duration: the integral
// of relative.
func (a *Arrivals) until(x float64) float64 {
	x = min(max(x, 0), 1)
	if a.Process == Day {
		return x - math.Sin(2*math.Pi*x)/(2*math.Pi)
	}
	at, sum := x*float64(len(a.Weights)), 0.0
	for i, w := range a.Weights {
		sum += w * min(max(at-float64(i), 0), 1)
	}
	return sum / (a.mean() * float64(len(a.Weights)))
}
