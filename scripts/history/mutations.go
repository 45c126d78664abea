package main

import (
	"maps"
	"math/rand"
	"slices"
)

// A lie that is planted into one wallet of the true record, or into a report. A judge that was never red proves nothing.
type mutation struct {
	name string
	// Of everybody: a report is changed, which only the graph can see.
	ofReport bool
	// Changes the operations and says whether it found a place that cannot be explained away.
	plant func(ops []Operation, random *rand.Rand, wallets map[string][]Operation) bool
}

var mutations = []mutation{
	{"an acknowledged payment vanishes from every later statement", false, drop},
	{"two transactions stand in another order in one statement", false, swap},
	{"a statement lacks what was acknowledged before it was asked for", false, stale},
	{"an answer tells a wrong balance", false, wrongBalance},
	{"a payment that was made is said to be refused", false, falseRefusal},
	{"a report lacks what was acknowledged before it was asked for", true, staleReport},
	{"a report shows a payment and not the one of the same wallet before it", true, tornReport},
}

func sorted(wallets map[string][]Operation) []string {
	return slices.Sorted(maps.Keys(wallets))
}

// plant tries the wallets in an order of the seed's own until one has a place, and says which.
func plant(wallets map[string][]Operation, what mutation, random *rand.Rand) (string, []Operation) {
	names := slices.DeleteFunc(sorted(wallets), func(name string) bool { return (name == everybody) != what.ofReport })
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
		if what.plant(ops, random, wallets) {
			return names[at], ops
		}
	}
	return "", nil
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

func drop(ops []Operation, random *rand.Rand, _ map[string][]Operation) bool {
	done := acknowledged(ops)
	return pick(ops, random, func(victim *Operation) bool {
		if _, ok := done[victim.Key]; victim.Kind != "append" || !ok {
			return false
		}
		if !slices.ContainsFunc(ops, func(op Operation) bool {
			return op.Kind == "read" && op.CallUs > victim.ReturnUs && slices.Contains(op.Keys, victim.Key)
		}) {
			return false
		}
		for at := range ops {
			if op := &ops[at]; op.Kind == "read" {
				op.Keys = without(op.Keys, victim.Key)
			}
		}
		return true
	})
}

func without(keys []string, one string) []string {
	return slices.DeleteFunc(keys, func(key string) bool { return key == one })
}

func swap(ops []Operation, random *rand.Rand, _ map[string][]Operation) bool {
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

func stale(ops []Operation, random *rand.Rand, _ map[string][]Operation) bool {
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

func wrongBalance(ops []Operation, random *rand.Rand, _ map[string][]Operation) bool {
	return pick(ops, random, func(op *Operation) bool {
		if op.Kind != "append" || op.ReturnUs == 0 || op.Balance == nil {
			return false
		}
		// Where it stands in a statement, one balance alone is right.
		for _, witness := range ops {
			if witness.Kind == "read" && slices.Contains(witness.Keys, op.Key) {
				*op.Balance++
				return true
			}
		}
		return false
	})
}

func falseRefusal(ops []Operation, random *rand.Rand, _ map[string][]Operation) bool {
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

func staleReport(reports []Operation, random *rand.Rand, wallets map[string][]Operation) bool {
	done := map[string]Operation{}
	for name, ops := range wallets {
		if name != everybody {
			maps.Copy(done, acknowledged(ops))
		}
	}
	return pick(reports, random, func(report *Operation) bool {
		for _, at := range random.Perm(len(report.Keys)) {
			if op, ok := done[report.Keys[at]]; ok && op.ReturnUs < report.CallUs {
				report.Keys = slices.Delete(report.Keys, at, at+1)
				return true
			}
		}
		return false
	})
}

func tornReport(reports []Operation, random *rand.Rand, wallets map[string][]Operation) bool {
	return pick(reports, random, func(report *Operation) bool {
		shown := map[string]bool{}
		for _, key := range report.Keys {
			shown[key] = true
		}
		for _, name := range sorted(wallets) {
			order := longest(wallets[name])
			before := ""
			for _, key := range order {
				if !shown[key] {
					continue
				}
				if before != "" {
					report.Keys = without(report.Keys, before)
					return true
				}
				before = key
			}
		}
		return false
	})
}
