//! Which places share a circle: a smaller one that lies nearer than a few pixels joins the largest there.
//!
//! It depends on places and scale alone and never on what is published, so circles grow and do not move.

/// A place on a drawing, in the units of the drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// Its index.
    pub(super) place: u32,
    /// For choosing the largest, never shown.
    pub(super) population: u64,
    /// From the start.
    pub(super) x: i32,
    /// From the top.
    pub(super) y: i32,
}

/// Places that are drawn as one: at the largest, which is the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cluster {
    /// Where, and its largest place.
    pub(super) spot: Spot,
    /// All its places.
    pub(super) places: Vec<u32>,
}

/// All places in clusters, the largest first. No two clusters are nearer than `distance`.
pub(super) fn merge(mut spots: Vec<Spot>, distance: i32) -> Vec<Cluster> {
    spots.sort_unstable_by_key(|spot| (std::cmp::Reverse(spot.population), spot.place));
    let mut clusters: Vec<Cluster> = Vec::new();
    for spot in spots {
        let squared = |cluster: &Cluster| {
            let (dx, dy) = (i64::from(cluster.spot.x - spot.x), i64::from(cluster.spot.y - spot.y));
            dx * dx + dy * dy
        };
        let near = |cluster: &&mut Cluster| squared(cluster) < i64::from(distance).pow(2);
        match clusters.iter_mut().filter(near).min_by_key(|cluster| squared(cluster)) {
            Some(cluster) => cluster.places.push(spot.place),
            None => clusters.push(Cluster { spot, places: vec![spot.place] }),
        }
    }
    clusters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suburb_joins_the_city_beside_it_and_no_two_circles_are_nearer_than_that() {
        let spot = |place, population, x, y| Spot { place, population, x, y };
        let spots = vec![spot(0, 5, 10, 0), spot(1, 100, 0, 0), spot(2, 50, 30, 0), spot(3, 6, 18, 0)];
        let clusters = merge(spots, 20);
        let found: Vec<(u32, &[u32])> = clusters.iter().map(|c| (c.spot.place, c.places.as_slice())).collect();
        assert_eq!(found, [(1, &[1, 0][..]), (2, &[2, 3])], "the nearest, and only if it is near");
    }
}
