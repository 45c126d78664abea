package main

import (
	"math/rand"
	"slices"
	"sort"
)

// A lie that is planted into one wallet of the true record. A judge that was never red proves nothing.
type mutation struct {
	name string
	// Changes the operations and says whether it found a place that cannot be explained away.
	plant func(ops []Operation, random *rand.Rand) bool
}

var mutations = []mutation{
	{"an acknowledged payment vanishes from every later statement", drop},
	{"two transactions stand in another order in one statement", swap},
	{"a statement lacks what was acknowledged before it was asked for", stale},
	{"an answer tells a wrong balance", wrongBalance},
	{"a payment that was made is said to be refused", falseRefusal},
}

// plant tries the wallets in an order of the seed's own until one has a place.
func plant(wallets map[string][]Operation, what mutation, random *rand.Rand) []Operation {
	names := make([]string, 0, len(wallets))
	for name := range wallets {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, at := range random.Perm(len(names)) {
		ops := make([]Operation, len(wallets[names[at]]))
		for index, op := range wallets[names[at]] {
			op.Keys = slices.Clone(op.Keys)
			if op.Balance != nil {
				balance := *op.Balance
				op.Balance = &balance
			}
			ops[index] = op
		}
		if what.plant(ops, random) {
			return ops
		}
	}
	return nil
}

// pick goes through the operations in a random order until one of them can be changed.
func pick(ops []Operation, random *rand.Rand, change func(op *Operation) bool) bool {
	for _, at := range random.Perm(len(ops)) {
		if change(&ops[at]) {
			return true
		}
	}
	return false
}

func acknowledged(ops []Operation) map[string]Operation {
	found := map[string]Operation{}
	for _, op := range ops {
		if op.Kind == "append" && op.ReturnUs > 0 {
			found[op.Key] = op
		}
	}
	return found
}

func drop(ops []Operation, random *rand.Rand) bool {
	done := acknowledged(ops)
	return pick(ops, random, func(victim *Operation) bool {
		if _, ok := done[victim.Key]; victim.Kind != "append" || !ok {
			return false
		}
		later := false
		for at := range ops {
			if op := &ops[at]; op.Kind == "read" {
				if place := slices.Index(op.Keys, victim.Key); place >= 0 {
					later = later || op.CallUs > victim.ReturnUs
					op.Keys = slices.Delete(op.Keys, place, place+1)
					op.Balance = nil
				}
			}
		}
		return later
	})
}

func swap(ops []Operation, random *rand.Rand) bool {
	return pick(ops, random, func(op *Operation) bool {
		if op.Kind != "read" || len(op.Keys) < 3 {
			return false
		}
		// Another statement has both in their true order.
		at := random.Intn(len(op.Keys) - 1)
		one, other := op.Keys[at], op.Keys[at+1]
		for _, witness := range ops {
			if witness.Kind == "read" && witness.CallUs != op.CallUs && slices.Contains(witness.Keys, one) && slices.Contains(witness.Keys, other) {
				op.Keys[at], op.Keys[at+1] = other, one
				return true
			}
		}
		return false
	})
}

func stale(ops []Operation, random *rand.Rand) bool {
	done := acknowledged(ops)
	return pick(ops, random, func(op *Operation) bool {
		if op.Kind != "read" || len(op.Keys) == 0 {
			return false
		}
		last, ok := done[op.Keys[len(op.Keys)-1]]
		if !ok || last.ReturnUs >= op.CallUs {
			return false
		}
		op.Keys, op.Balance = op.Keys[:len(op.Keys)-1], nil
		return true
	})
}

func wrongBalance(ops []Operation, random *rand.Rand) bool {
	return pick(ops, random, func(op *Operation) bool {
		if op.Kind != "append" || op.ReturnUs == 0 || op.Balance == nil {
			return false
		}
		*op.Balance++
		return true
	})
}

func falseRefusal(ops []Operation, random *rand.Rand) bool {
	return pick(ops, random, func(op *Operation) bool {
		if op.Kind != "append" || op.ReturnUs == 0 || op.Amount >= 0 {
			return false
		}
		for _, witness := range ops {
			if witness.Kind == "read" && slices.Contains(witness.Keys, op.Key) {
				op.Kind, op.Balance = "refused", nil
				return true
			}
		}
		return false
	})
}
