#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""guard.py [N]: exhaustive model of the version guard (docs/architecture.md, "The guard") for one key and histories of N changes (3).
It prints what holds and what does not; the exit code is 1 where that is not what is claimed.

The table's history is a row of changes, versions 1..n, each an upsert (U) or a remove (R). Worker A delivers changes in any order
and with repeats (it crashes and starts its unacknowledged change again). Worker B delivers changes, in any order; in some runs it is
a zombie, which may die between any two steps, never to repeat anything: then A delivers all of them, else both together do. Every interleaving of their operations is walked, each
atomic as MongoDB makes it: an upsert whose filter is more than `_id` is two steps, match and then insert, and so may meet E11000 although
nothing newer is there. The settle pass applies a tombstone's delete once more, once per raise of the tombstone, at any moment when no
live worker is inside a change that it began before the raise (a change's time is bounded below settle_after); at the latest when both
workers are done. At the end the document must be the last change's: present with version n, or absent.

`young`: every change is younger than settle_after / 2, so it needs no look-up before the write: no settle pass comes before its end.
Variants leave something out or change it, to show that the check can fail and what each step is for.
"""
import itertools
import sys

ABSENT = NONE = 0                                        # versions start at 1


def steps(kind, v, variant):
    """One change's operations. Each maps (document, tombstone, scratch) to the same after it and the next operation's name."""
    def early(doc, tomb, _):                             # find the tombstone before anything is written
        if tomb <= v: return doc, tomb, NONE, "match"
        return doc, tomb, tomb, None if variant == "stale leaves the document" else "early_undo"

    def early_undo(doc, tomb, seen):                     # deleteOne({_id, version <= tombstone}): this may be a repeat of what wrote it
        return (ABSENT if doc <= seen else doc), tomb, NONE, None

    def match(doc, tomb, _):                             # replaceOne({_id, version < v}, doc, upsert), first half
        return (v, tomb, NONE, "look_up") if ABSENT != doc < v else (doc, tomb, NONE, "insert")

    def insert(doc, tomb, _):                            # second half; E11000 when something is there by now
        if doc == ABSENT: return v, tomb, NONE, "look_up"
        return doc, tomb, NONE, "look_up" if variant == "E11000 believed" else "inspect"

    def inspect(doc, tomb, _):                           # find: stale only when something as new is seen, else the same upsert again
        return doc, tomb, NONE, "look_up" if doc >= v else "match"

    def look_up(doc, tomb, _):                           # find the tombstone
        return doc, tomb, tomb, "undo"

    def undo(doc, tomb, seen):                           # deleteOne({_id, version < tombstone}) where the tombstone is newer than v
        return (ABSENT if seen > v and doc < seen else doc), tomb, NONE, None

    def bury(doc, tomb, _):                              # tombstone = $max
        return doc, max(tomb, v), NONE, None if variant == "delete first" else "remove"

    def remove(doc, tomb, _):                            # deleteOne({_id, version <= v}), also when the tombstone was newer already
        return (ABSENT if doc <= v else doc), tomb, NONE, "bury" if variant == "delete first" else None

    if kind == "R":
        if variant == "no tombstone": return {"remove": remove}, "remove"
        return {"bury": bury, "remove": remove}, "remove" if variant == "delete first" else "bury"
    ops = {"early": early, "early_undo": early_undo, "match": match, "insert": insert, "inspect": inspect, "look_up": look_up, "undo": undo}
    if variant in ("no look-up after", "no look-up at all"):
        ops = {k: (lambda op: lambda *s: (*op(*s)[:3], None if op(*s)[3] == "look_up" else op(*s)[3]))(op) for k, op in ops.items()}
    return ops, "match" if variant in ("young", "no look-up before", "no look-up at all") else "early"


def explore(history, order_a, order_b, variant, settle, zombie_finishes):
    """Walks every state; returns what went wrong, or None. A position is (index into the order, next operation, tombstone when the change began)."""
    programs = [steps(kind, i + 1, variant) for i, kind in enumerate(history)]
    want = len(history) if history[-1] == "U" else ABSENT

    def first(order, i): return (i, programs[order[i]][1], None) if i < len(order) else None

    def advance(order, at, doc, tomb, scratch):
        i, name, began = at
        before = tomb if began is None else began
        doc, tomb, scratch, following = programs[order[i]][0][name](doc, tomb, scratch)
        return doc, tomb, scratch, (i, following, before) if following else first(order, i + 1)

    def inside(at, tomb): return at is not None and at[2] is not None and at[2] < tomb

    todo, seen = [(ABSENT, NONE, NONE, first(order_a, 0), NONE, first(order_b, 0), NONE, 1, None)], set()
    while todo:
        state = todo.pop()
        if state in seen: continue
        seen.add(state)
        doc, tomb, settled, a, scratch_a, b, scratch_b, crashes, died = state
        if a is None and b is None:
            final = ABSENT if settle and settled < tomb and doc <= tomb else doc
            if final != want:
                return f"ends as {final or 'absent'}, wanted {want or 'absent'}" + (f"; B died before {died[1]} of change {order_b[died[0]] + 1}" if died else "")
        if settle and settled < tomb and variant != "young" and (variant == "batch without a time limit" or not inside(a, tomb) and not inside(b, tomb)):
            todo.append((ABSENT if doc <= tomb else doc, tomb, tomb, a, scratch_a, b, scratch_b, crashes, died))
        if a:
            d, t, x, nxt = advance(order_a, a, doc, tomb, scratch_a)
            todo.append((d, t, settled, nxt, x, b, scratch_b, crashes, died))
            if crashes: todo.append((doc, tomb, settled, first(order_a, a[0]), NONE, b, scratch_b, crashes - 1, died))
        if b:
            d, t, x, nxt = advance(order_b, b, doc, tomb, scratch_b)
            todo.append((d, t, settled, a, scratch_a, nxt, x, crashes, died))
            if not zombie_finishes: todo.append((doc, tomb, settled, a, scratch_a, None, NONE, crashes, b))
    return None


def explore_all(n, variant, settle, zombie_finishes):
    orders = [order for k in range(1, n + 1) for order in itertools.permutations(range(n), k)]
    for history in itertools.product("UR", repeat=n):
        for order_a, order_b in itertools.product(orders, orders):
            if len({*order_a, *order_b} if zombie_finishes else order_a) < n: continue
            bad = explore(history, order_a, order_b, variant, settle, zombie_finishes)
            if bad: return f"{''.join(history)}, A delivers {[i + 1 for i in order_a]}, B {[i + 1 for i in order_b]}: {bad}"
    return None


if __name__ == "__main__":
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    wrong = 0
    for variant, settle, finishes, holds in [
            ("as designed", False, True, True),          # whoever dies is repeated: no settle pass needed
            ("as designed", True, False, True),          # a zombie dies anywhere: the settle pass closes the hole
            ("as designed", False, False, False),        # ... and is needed
            ("young", True, False, True),                # young changes need no look-up before the write
            ("stale leaves the document", False, True, False),   # a repeat must take away what its first try left
            ("no look-up before", True, False, False),   # old ones do: the settle pass may be over when they come
            ("batch without a time limit", True, False, False),
            ("no look-up after", False, True, False), ("no look-up at all", False, True, False), ("no tombstone", False, True, False),
            ("delete first", False, True, False), ("E11000 believed", True, True, False)]:
        bad = explore_all(n, variant, settle, finishes)
        wrong += (bad is None) != holds
        print(("ok   " if (bad is None) == holds else "BUG  ") + variant + (", settle pass" if settle else "")
              + ("" if finishes else ", zombie may die") + ": " + ("converges" if bad is None else "fails: " + bad), flush=True)
    sys.exit(1 if wrong else 0)
