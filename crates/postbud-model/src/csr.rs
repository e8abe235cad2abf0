//! A sparse matrix in compressed rows: what the linear model is trained on.

use linfa::dataset::Records;

/// Rows of (column, value) pairs, columns rising within a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Csr {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    width: usize,
}

impl Csr {
    /// An empty matrix of `width` columns, with room for `rows` and `entries`.
    #[must_use]
    pub fn with_capacity(width: usize, rows: usize, entries: usize) -> Self {
        let mut starts = Vec::with_capacity(rows + 1);
        starts.push(0);
        Self {
            starts,
            columns: Vec::with_capacity(entries),
            values: Vec::with_capacity(entries),
            width,
        }
    }

    /// Adds a row. Columns at or beyond the width are left out.
    pub fn push_row(&mut self, entries: impl IntoIterator<Item = (u32, f32)>) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        for (column, value) in entries {
            if (column as usize) < self.width && value != 0.0 {
                self.columns.push(column);
                self.values.push(value);
            }
        }
        self.starts.push(self.columns.len());
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of stored entries.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.columns.len()
    }

    /// All rows, borrowed.
    pub(crate) fn view(&self) -> Rows<'_> {
        Rows {
            starts: &self.starts,
            columns: &self.columns,
            values: &self.values,
            width: self.width,
        }
    }

    /// Columns and values of one row; empty beyond the last.
    #[must_use]
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        self.view().row(row)
    }
}

/// Rows whose columns may be shared with other matrices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    starts: &'a [usize],
    columns: &'a [u32],
    values: &'a [f32],
    width: usize,
}

impl<'a> Rows<'a> {
    /// Row `i` is `starts[i]..starts[i + 1]` of columns, below `width`, and values.
    pub(crate) fn new(
        starts: &'a [usize],
        columns: &'a [u32],
        values: &'a [f32],
        width: usize,
    ) -> Self {
        Self { starts, columns, values, width }
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    #[inline]
    pub(crate) fn row(&self, row: usize) -> (&'a [u32], &'a [f32]) {
        match (self.starts.get(row), self.starts.get(row + 1)) {
            (Some(&from), Some(&to)) => (&self.columns[from..to], &self.values[from..to]),
            _ => (&[], &[]),
        }
    }
}

impl Records for Csr {
    type Elem = f32;

    fn nsamples(&self) -> usize {
        self.rows()
    }

    fn nfeatures(&self) -> usize {
        self.width
    }
}
