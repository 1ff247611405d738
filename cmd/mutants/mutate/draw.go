package mutate

import (
	"iter"
	"math/rand/v2"
)

// stream parts the draw from whatever else may once be made of the same seed.
const stream = 0x6d7574616e7473 // "mutants"

// Draw yields the candidates in an order that only the seed decides, each as likely as
// any other, as mutants if they compile and with an error if they do not.
func Draw(all []Candidate, seed uint64) iter.Seq2[Mutant, error] {
	order := rand.New(rand.NewPCG(seed, stream)).Perm(len(all))
	return func(yield func(Mutant, error) bool) {
		for _, i := range order {
			if !yield(all[i].compile()) {
				return
			}
		}
	}
}

// compile finds the first spelling that compiles; the error is that of the first one.
func (c Candidate) compile() (Mutant, error) {
	var first error
	for _, text := range c.Texts {
		err := c.Source.compiles(c.with(text))
		if err == nil {
			return Mutant{c, text}, nil
		}
		if first == nil {
			first = err
		}
	}
	return Mutant{Candidate: c, Text: c.Texts[0]}, first
}
