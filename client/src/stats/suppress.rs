//! Hiding small numbers so that nobody can compute them from what is shown.
//!
//! The table stands with its totals in one grid. Totals count with the other sign, so that every line of the grid adds up to zero.
//! Whoever reads the table knows that `few` stands for 0 to k − 1, that a number that is hidden beside it is k or more, and all
//! sums. What else the hidden numbers could be are the circulations of a network whose arcs are the hidden cells: a cell can be larger by
//! one if a cycle leads through it on which nothing leaves its bounds. Protected is a small number that could be at least half of
//! k apart from itself, and any other hidden one that could be something else.

use std::collections::VecDeque;

/// How a cell is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// As it is.
    Shown,
    /// Too small: below k.
    Few,
    /// Hidden to protect others: k or more.
    Hidden,
}

/// A table with its totals in the last row and the last column.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    rows: usize,
    columns: usize,
    few: u64,
    values: Vec<u64>,
    states: Vec<State>,
}

impl Grid {
    /// Hides what has to be hidden. None if everything hidden would not be enough: then nothing may be shown.
    pub(super) fn hide(values: &[Vec<u64>], few: u64) -> Option<Self> {
        let mut grid = Self::with_totals(values, few);
        let mut queue: VecDeque<usize> =
            (0..grid.values.len()).filter(|cell| grid.is_hidden(*cell)).collect();
        while let Some(cell) = queue.pop_front() {
            // What is protected stays so when more is hidden.
            while !grid.is_protected(cell) {
                let more =
                    grid.cheapest_rectangle(cell).or_else(|| grid.smallest_shown().map(|cell| vec![cell]))?;
                for cell in more {
                    grid.set(cell, State::Hidden);
                    queue.push_back(cell);
                }
            }
        }
        Some(grid)
    }

    /// Row by row, with the totals.
    pub(super) fn lines<T>(&self, mut shown: impl FnMut(u64, State) -> T) -> Vec<Vec<T>> {
        let cells: Vec<(u64, State)> = self.values.iter().copied().zip(self.states.iter().copied()).collect();
        cells
            .chunks(self.columns)
            .map(|row| row.iter().map(|(value, state)| shown(*value, *state)).collect())
            .collect()
    }

    fn with_totals(values: &[Vec<u64>], few: u64) -> Self {
        let width = values.first().map_or(0, Vec::len);
        let mut all = Vec::new();
        let mut sums = vec![0; width + 1];
        for row in values {
            let line: Vec<u64> = row.iter().copied().chain([row.iter().sum()]).collect();
            sums.iter_mut().zip(&line).for_each(|(sum, value)| *sum += value);
            all.extend(line);
        }
        all.extend(sums);
        let states = all.iter().map(|value| if *value < few { State::Few } else { State::Shown }).collect();
        Self { rows: values.len() + 1, columns: width + 1, few, values: all, states }
    }

    fn value(&self, cell: usize) -> u64 {
        self.values.get(cell).copied().unwrap_or(0)
    }

    fn state(&self, cell: usize) -> State {
        self.states.get(cell).copied().unwrap_or(State::Shown)
    }

    fn set(&mut self, cell: usize, state: State) {
        if let Some(place) = self.states.get_mut(cell) {
            *place = state;
        }
    }

    fn is_hidden(&self, cell: usize) -> bool {
        self.state(cell) != State::Shown
    }

    fn at(&self, cell: usize) -> (usize, usize) {
        (cell / self.columns, cell % self.columns)
    }

    /// A total counts with the other sign; the total of totals with its own.
    fn is_total(&self, cell: usize) -> bool {
        let (row, column) = self.at(cell);
        (row + 1 == self.rows) != (column + 1 == self.columns)
    }

    fn is_protected(&self, cell: usize) -> bool {
        let wanted = if self.state(cell) == State::Few { (self.few / 2).max(1) } else { 1 };
        self.leeway(cell, true, wanted) + self.leeway(cell, false, wanted) >= wanted
    }

    /// By how much a cell could be larger, or smaller, as far as that is asked for.
    fn leeway(&self, cell: usize, larger: bool, most: u64) -> u64 {
        let mut grid = self.clone();
        (0..most).find(|_| !grid.shift(cell, larger)).unwrap_or(most)
    }

    /// Changes a cell by one and others so that all sums stay; false if that is not possible.
    fn shift(&mut self, cell: usize, larger: bool) -> bool {
        let Some(first) = self.moved(cell, larger) else { return false };
        // In entries of the grid: rows give to columns what columns give back to rows.
        let to_column = larger != self.is_total(cell);
        let (row, column) = self.at(cell);
        let (row, column) = (row, self.rows + column);
        let (from, to) = if to_column { (column, row) } else { (row, column) };
        let Some(path) = self.path(from, to, cell) else { return false };
        self.put(cell, first);
        for (step, forth) in path {
            if let Some(value) = self.moved(step, forth != self.is_total(step)) {
                self.put(step, value);
            }
        }
        true
    }

    fn put(&mut self, cell: usize, value: u64) {
        if let Some(place) = self.values.get_mut(cell) {
            *place = value;
        }
    }

    /// The value one higher or lower, if a reader has to reckon with it.
    fn moved(&self, cell: usize, larger: bool) -> Option<u64> {
        let value = self.value(cell);
        let next = if larger { value.checked_add(1)? } else { value.checked_sub(1)? };
        match self.state(cell) {
            State::Shown => None,
            State::Few => (next < self.few).then_some(next),
            State::Hidden => (next >= self.few).then_some(next),
        }
    }

    /// The shortest way between two lines over hidden cells that may move that way: cells, and whether each is passed from its row to
    /// its column.
    fn path(&self, from: usize, to: usize, without: usize) -> Option<Vec<(usize, bool)>> {
        let mut came: Vec<Option<(usize, usize, bool)>> = vec![None; self.rows + self.columns];
        let mut queue = VecDeque::from([from]);
        while let Some(line) = queue.pop_front() {
            for (cell, next, forth) in self.ways(line) {
                let fresh = next != from && came.get(next).is_some_and(Option::is_none);
                let free =
                    fresh && cell != without && self.moved(cell, forth != self.is_total(cell)).is_some();
                if let (true, Some(place)) = (free, came.get_mut(next)) {
                    *place = Some((line, cell, forth));
                    queue.push_back(next);
                }
            }
        }
        let mut path = Vec::new();
        let mut line = to;
        while line != from {
            let (before, cell, forth) = (*came.get(line)?)?;
            path.push((cell, forth));
            line = before;
        }
        Some(path)
    }

    /// From a line over its cells to the lines that cross it.
    fn ways(&self, line: usize) -> Vec<(usize, usize, bool)> {
        if line < self.rows {
            (0..self.columns).map(|column| (line * self.columns + column, self.rows + column, true)).collect()
        } else {
            let column = line - self.rows;
            (0..self.rows).map(|row| (row * self.columns + column, row, false)).collect()
        }
    }

    /// The cells to hide so that this one lies on a cycle of four, with the least numbers.
    fn cheapest_rectangle(&self, cell: usize) -> Option<Vec<usize>> {
        let (row, column) = self.at(cell);
        let mut best: Option<(u64, Vec<usize>)> = None;
        for other_row in (0..self.rows).filter(|other| *other != row) {
            for other_column in (0..self.columns).filter(|other| *other != column) {
                let corners = [(row, other_column), (other_row, column), (other_row, other_column)];
                let corners = corners.map(|(row, column)| row * self.columns + column);
                let shown: Vec<usize> = corners.into_iter().filter(|cell| !self.is_hidden(*cell)).collect();
                let cost = shown.iter().map(|cell| self.value(*cell)).sum();
                if !shown.is_empty() && best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, shown));
                }
            }
        }
        best.map(|(_, cells)| cells)
    }

    fn smallest_shown(&self) -> Option<usize> {
        (0..self.values.len()).filter(|cell| !self.is_hidden(*cell)).min_by_key(|cell| self.value(*cell))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Everything that a reader must think possible: all tables with these sums and these marks, by trying them.
    fn possible(grid: &Grid, most: u64) -> Vec<BTreeSet<u64>> {
        let (height, width) = (grid.rows - 1, grid.columns - 1);
        let inner: Vec<usize> = (0..height * width).map(|n| n / width * grid.columns + n % width).collect();
        let mut seen = vec![BTreeSet::new(); grid.values.len()];
        let mut now = vec![vec![0u64; width]; height];
        search(grid, &inner, 0, most, &mut now, &mut seen);
        seen
    }

    fn search(
        grid: &Grid,
        inner: &[usize],
        n: usize,
        most: u64,
        now: &mut Vec<Vec<u64>>,
        seen: &mut [BTreeSet<u64>],
    ) {
        let Some(cell) = inner.get(n) else {
            let whole = Grid::with_totals(now, grid.few);
            let fits = (0..grid.values.len()).all(|cell| match grid.states[cell] {
                State::Shown => whole.values[cell] == grid.values[cell],
                State::Few => whole.values[cell] < grid.few,
                State::Hidden => whole.values[cell] >= grid.few,
            });
            if fits {
                seen.iter_mut().zip(&whole.values).for_each(|(set, value)| {
                    set.insert(*value);
                });
            }
            return;
        };
        let range = match grid.states[*cell] {
            State::Shown => grid.values[*cell]..=grid.values[*cell],
            State::Few => 0..=grid.few - 1,
            State::Hidden => grid.few..=most,
        };
        let (row, column) = grid.at(*cell);
        for value in range {
            now[row][column] = value;
            search(grid, inner, n + 1, most, now, seen);
        }
    }

    fn hidden(values: &[&[u64]], few: u64) -> Grid {
        Grid::hide(&values.iter().map(|row| row.to_vec()).collect::<Vec<_>>(), few).unwrap()
    }

    #[test]
    fn nothing_is_hidden_where_nothing_is_small() {
        let grid = hidden(&[&[20, 30], &[11, 12]], 11);
        assert!(grid.states.iter().all(|state| *state == State::Shown));
    }

    #[test]
    fn one_small_number_takes_others_with_it() {
        let grid = hidden(&[&[3, 30, 40], &[20, 25, 60], &[50, 70, 80]], 11);
        assert_eq!(grid.state(0), State::Few);
        assert_eq!(grid.states.iter().filter(|state| **state == State::Hidden).count(), 3);
        // Its row and its column do not give it away.
        assert!((1..3).any(|cell| grid.is_hidden(cell)) && grid.is_hidden(4) | grid.is_hidden(8));
    }

    #[test]
    fn two_small_numbers_that_can_only_be_ten_each_are_not_given_away_by_their_sum() {
        let grid = hidden(&[&[10, 10, 50], &[40, 40, 50]], 11);
        let row_total = grid.columns - 1;
        assert!(grid.is_hidden(row_total) || grid.is_hidden(2));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(192))]

        #[test]
        fn nobody_can_compute_what_is_hidden(
            values in (1usize..=2, 1usize..=3)
                .prop_flat_map(|(rows, columns)| prop::collection::vec(prop::collection::vec(0u64..8, columns), rows)),
        ) {
            let few = 3;
            // If nothing may be shown, nothing is shown.
            if let Some(grid) = Grid::hide(&values, few) {
                let possible = possible(&grid, 10);
                for (cell, set) in possible.iter().enumerate().filter(|(cell, _)| grid.is_hidden(*cell)) {
                    prop_assert!(set.len() > 1, "{:?} at {cell} is {set:?}", grid);
                }
            }
        }

        #[test]
        fn large_tables_keep_every_cell_in_doubt(
            values in (1usize..=9, 1usize..=7)
                .prop_flat_map(|(rows, columns)| prop::collection::vec(prop::collection::vec(0u64..40, columns), rows)),
        ) {
            if let Some(grid) = Grid::hide(&values, 11) {
                for cell in 0..grid.values.len() {
                    prop_assert_eq!(grid.value(cell) < 11, grid.state(cell) == State::Few);
                    prop_assert!(!grid.is_hidden(cell) || grid.is_protected(cell));
                }
            }
        }
    }
}
