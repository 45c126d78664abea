package main

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// The second judge: over all wallets at once, by Adya's method. Whoever saw something comes after it, whoever did not see it comes before it,
// what was answered before another was asked comes before that: if these dependencies close a circle, no order explains the record.
// Unlike porcupine it takes time in proportion to the record, and it can judge a report, which looks at many wallets in one moment.
// It shares nothing with the other judge but the reading of the record.

// The name under which what belongs to no wallet is kept.
const everybody = "*"

type graph struct {
	ops      []Operation
	next     [][]int
	problems []string
}

func graphProblems(wallets map[string][]Operation) []string {
	g := &graph{problems: []string{}}
	byKey := map[string]int{}
	reports := []int{}
	for _, name := range sorted(wallets) {
		first := len(g.ops)
		g.ops = append(g.ops, wallets[name]...)
		g.next = append(g.next, make([][]int, len(wallets[name]))...)
		if name == everybody {
			for at := first; at < len(g.ops); at++ {
				reports = append(reports, at)
			}
			continue
		}
		g.wallet(name, first, byKey)
	}
	for _, at := range reports {
		g.report(at, wallets, byKey)
	}
	g.realTime()
	g.circles()
	return g.problems
}

func (g *graph) edge(before, after int) {
	if before != after {
		g.next[before] = append(g.next[before], after)
	}
}

func (g *graph) problem(format string, args ...interface{}) {
	g.problems = append(g.problems, fmt.Sprintf(format, args...))
}

// The longest statement of a wallet is the order of its transactions, if all others are beginnings of it.
func longest(ops []Operation) []string {
	keys := []string{}
	for _, op := range ops {
		if (op.Kind == "read" || op.Kind == "init") && len(op.Keys) > len(keys) {
			keys = op.Keys
		}
	}
	return keys
}

func (g *graph) wallet(name string, first int, byKey map[string]int) {
	ops := g.ops[first:]
	order := longest(ops)
	place := map[string]int{}
	for at, key := range order {
		if _, twice := place[key]; twice {
			g.problem("%s: %s stands twice in a statement", name, key)
		}
		place[key] = at
	}
	begun, balance := 0, int64(0)
	for at, op := range ops {
		switch op.Kind {
		case "init":
			begun, balance = len(op.Keys), *op.Balance
		case "append":
			byKey[op.Key] = first + at
		}
	}
	// ww, and along the order every balance that was told
	previous := -1
	for at := begun; at < len(order); at++ {
		node, known := byKey[order[at]]
		if !known {
			g.problem("%s: a statement shows %s, which nobody wrote or which was refused", name, order[at])
			return
		}
		op := g.ops[node]
		if balance += op.Amount; balance < 0 {
			g.problem("%s: below nothing after %s", name, op.Key)
		}
		if op.Balance != nil && *op.Balance != balance {
			g.problem("%s: %s was answered with a balance of %d, it was %d", name, op.Key, *op.Balance, balance)
		}
		if previous >= 0 {
			g.edge(previous, node)
		}
		previous = node
	}
	for at, op := range ops {
		node := first + at
		switch {
		case op.Kind == "append" && !has(place, op.Key): // in no statement: after all of them
			for other, read := range ops {
				if read.Kind == "read" {
					g.edge(first+other, node)
				}
			}
		case op.Kind == "read":
			if !slices.Equal(op.Keys, order[:min(len(op.Keys), len(order))]) {
				g.problem("%s: two statements show transactions in two orders", name)
				continue
			}
			if last := len(op.Keys) - 1; last >= begun { // wr
				g.edge(byKey[order[last]], node)
			}
			if len(op.Keys) < begun {
				g.problem("%s: a statement lacks what was there in the beginning", name)
			} else if len(op.Keys) < len(order) { // rw
				g.edge(node, byKey[order[len(op.Keys)]])
			}
		}
	}
}

func has(places map[string]int, key string) bool {
	_, ok := places[key]
	return ok
}

// reported says whether a report would show it: it lists payments and refunds.
func reported(op Operation) bool {
	return op.Kind == "append" && (strings.HasPrefix(op.Key, "paid ") || strings.HasPrefix(op.Key, "refund "))
}

func (g *graph) report(at int, wallets map[string][]Operation, byKey map[string]int) {
	shown := map[string]bool{}
	for _, key := range g.ops[at].Keys {
		node, known := byKey[key]
		if !known {
			g.problem("a report shows %s, which nobody wrote or which was refused", key)
			continue
		}
		shown[key] = true
		g.edge(node, at)
	}
	for name, ops := range wallets {
		if name == everybody {
			continue
		}
		for _, op := range ops {
			if reported(op) && !shown[op.Key] {
				g.edge(at, byKey[op.Key])
			}
		}
	}
}

// What was answered before another was asked: along a line of moments, so that there are as many edges as operations and not their square.
func (g *graph) realTime() {
	answered := []int{}
	for at, op := range g.ops {
		if op.ReturnUs > 0 {
			answered = append(answered, at)
		}
	}
	sort.Slice(answered, func(one, other int) bool { return g.ops[answered[one]].ReturnUs < g.ops[answered[other]].ReturnUs })
	first := len(g.ops)
	g.next = append(g.next, make([][]int, len(answered))...)
	for index, at := range answered {
		g.edge(at, first+index)
		if index > 0 {
			g.edge(first+index-1, first+index)
		}
	}
	for at, op := range g.ops {
		// Of equal moments nobody knows which was first.
		if before := sort.Search(len(answered), func(index int) bool { return g.ops[answered[index]].ReturnUs >= op.CallUs }); before > 0 {
			g.edge(first+before-1, at)
		}
	}
}

// Tarjan's strongly connected components, without recursion; one with more than one member holds a circle.
func (g *graph) circles() {
	count := len(g.next)
	index, low, on := make([]int, count), make([]int, count), make([]bool, count)
	stack, seen := []int{}, 0
	type frame struct{ node, edge int }
	for root := 0; root < count; root++ {
		if index[root] > 0 {
			continue
		}
		frames := []frame{{root, 0}}
		for len(frames) > 0 {
			top := &frames[len(frames)-1]
			node := top.node
			if top.edge == 0 {
				seen++
				index[node], low[node], on[node] = seen, seen, true
				stack = append(stack, node)
			}
			if top.edge < len(g.next[node]) {
				to := g.next[node][top.edge]
				top.edge++
				if index[to] == 0 {
					frames = append(frames, frame{to, 0})
				} else if on[to] {
					low[node] = min(low[node], index[to])
				}
				continue
			}
			if low[node] == index[node] {
				from := len(stack) - 1
				for stack[from] != node {
					from--
				}
				if members := stack[from:]; len(members) > 1 {
					g.problem("a circle: %s", g.describe(members))
				}
				for _, member := range stack[from:] {
					on[member] = false
				}
				stack = stack[:from]
			}
			frames = frames[:len(frames)-1]
			if len(frames) > 0 {
				above := frames[len(frames)-1].node
				low[above] = min(low[above], low[node])
			}
		}
	}
}

func (g *graph) describe(members []int) string {
	const most = 6
	said := []string{}
	for _, member := range members {
		if member < len(g.ops) && len(said) < most {
			op := g.ops[member]
			said = append(said, strings.TrimSpace(fmt.Sprintf("%s %s %s", op.Wallet, op.Kind, op.Key)))
		}
	}
	return strings.Join(said, ", ")
}
