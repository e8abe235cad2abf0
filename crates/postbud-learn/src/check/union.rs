//! Which letters belong together: union–find over their numbers.

/// Disjoint sets of the numbers below a length.
pub(super) struct Union {
    parent: Vec<usize>,
}

impl Union {
    pub(super) fn new(length: usize) -> Self {
        Self { parent: (0..length).collect() }
    }

    /// The smallest number of the set that `at` is in.
    pub(super) fn find(&mut self, at: usize) -> usize {
        let mut root = at;
        while self.parent[root] != root {
            root = self.parent[root];
        }
        let mut step = at;
        while self.parent[step] != root {
            step = std::mem::replace(&mut self.parent[step], root);
        }
        root
    }

    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.parent[a.max(b)] = a.min(b);
    }

    /// The sets of more than one number, each rising, by their smallest.
    pub(super) fn sets(&mut self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new(); self.parent.len()];
        for at in 0..self.parent.len() {
            let root = self.find(at);
            all[root].push(at);
        }
        all.retain(|set: &Vec<usize>| set.len() > 1);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_grow_together() {
        let mut union = Union::new(6);
        for (a, b) in [(5, 3), (1, 2), (3, 5), (2, 5)] {
            union.join(a, b);
        }
        assert_eq!(union.sets(), [vec![1, 2, 3, 5]]);
        assert_eq!((union.find(4), union.find(5)), (4, 1));
    }
}
