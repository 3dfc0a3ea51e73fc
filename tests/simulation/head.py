"""What docs/simulation.md says before its table."""

HEAD = """# Simulation

The steps of production, called one at a time by a scheduler that draws everything from one seed: relay, consumer,
views, deadlines, commands, deliveries, comparisons of all heads. `make test` plays 1,000 schedules, `make simulate`
any number (`COUNT=`), `make simulate SEED=n` one of them again, step by step, with `PLAY=small` or `PLAY=company`.
`make simulate TABLE=1` writes this page.

## What is real and what is not

The services, their steps, the wire's form in both directions, the sorting of a batch and PostgreSQL are the real ones.
PostgreSQL runs without sync (`allow_unsafe`), and every schedule has workspaces of its own that are taken away
afterwards. In place of the broker there are logs in memory, in place of the clock one that moves when it is told to,
in place of the runners' threads the scheduler, in place of the pools connections without threads of their own. The
library that talks to Kafka, HTTP and the processes themselves are not in it: `make faults` breaks those. Time passes
only at the end, when nothing fails any more, so no deadline is cut short here; nor is a service restored.

Every step has a thread and connections of its own, and exactly one thread runs at any moment. At each failpoint of the
source, at each statement and at each COMMIT it may be held while others go on, or its process may end there. What waits
for a lock that somebody holds who stands still gives up after a millisecond (`lock_timeout`) and is tried again, so
that nothing depends on how fast the machine is. Two processes of every service are at work, and all followers in both:
nobody leads, so that only what is in the rows can make it safe.

What a seed draws first are its habits: how often steps are held, processes killed, connections cut before a COMMIT or
before its reply, sends refused (with none, some or all of the records stored, the rest lost or still on its way),
deliveries doubled, shuffled, read again from an earlier offset, topics lost, records poisoned, feeds not to be
reached, views rebuilt. Each is left out in half of the schedules, so that faults come alone as well as together.

In the end nothing is held and nothing fails any more; everything is delivered, every follower compares everything until
there is nothing left, the clients come to their end, and a month passes. Then `verify()` must find nothing; what was
acknowledged must be there as often as it was; every topic must have held everything that was published, each record
for the first time after the one before it; no step may have raised what no fault explains, or gone round for ever; and
nothing may be parked but what was under way in three crashes, which must apply when it is replayed.

## Two plays

*small*: three services of a page each. A book is written in by clients that race; a tally counts what is entered, in a
sum that shows what is counted twice; an audit hears both and refuses a count that comes before its entry; the book
hears the audit. Two workspaces have pages of the same name. Nine of ten schedules are of this play: it takes a fourth
of the time, a schedule meets more faults for each thing that is done, and its promises leave no room to hide in.

*company*: people, framework, evaluation and gap as they are, from the founding of a workspace to released and corrected
evaluations, targets, withdrawn texts and an erasure; a second company is founded beside it. One of ten is of this play:
it takes the handlers, facts, deadlines and keys of the product through the same faults.

## What it has found

- A follower that was overtaken between reading its position and its rows met rows that did not fit its events, and its
  step failed where it only had to begin again (a second process of a service; nothing was written).

## Planted bugs

A part of every service of the small play is replaced by one that is wrong in one way, and schedules are played until
something is broken. *Found after* says how many that took, from seed {series} on
({machine}).

| planted | what is wrong | found after | the first that was broken |
| --- | --- | --- | --- |"""
