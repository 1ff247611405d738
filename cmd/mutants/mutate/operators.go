package mutate

import "go/ast"

// operator makes one kind of fault.
type operator struct {
	name   string
	find   func(w *walk, n ast.Node)
	inText bool // also where an error is worded: what it wraps is promised
}

// operators are all that syntax offers. Where two make the same text, the first counts.
var operators = []operator{
	{name: "condition negated", find: conditionNegated},
	{name: "condition always true", find: conditionTrue},
	{name: "condition always false", find: conditionFalse},
	{name: "and for or", find: andForOr},
	{name: "operand left out", find: operandLeftOut},
	{name: "comparison", find: comparison},
	{name: "not left out", find: notLeftOut},
	{name: "number", find: number},
	{name: "arithmetic", find: arithmetic},
	{name: "truth value", find: truthValue},
	{name: "string", find: stringChanged},
	{name: "field's tag", find: tagChanged},
	{name: "bounds", find: bounds},
	{name: "statement left out", find: statementLeftOut},
	{name: "case left out", find: caseLeftOut},
	{name: "element left out", find: elementLeftOut},
	{name: "call left out", find: callLeftOut},
	{name: "break for continue", find: breakForContinue},
	{name: "arguments exchanged", find: argumentsExchanged},
	{name: "results exchanged", find: resultsExchanged},
	{name: "error swallowed", find: errorSwallowed},
	{name: "error swapped", find: errorSwapped, inText: true},
	{name: "constant swapped", find: constantSwapped},
}
