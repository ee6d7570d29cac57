//! The rule of publication: what the publisher decides the auditor takes, nobody counts twice, and no decision says of any
//! place that is silent that it has somebody.

#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::publication::{Area, Level, Tree, decide, follows};
use std::collections::BTreeMap;

fuzz_target!(|data: &[u8]| {
    let Some((head, counts)) = data.split_first_chunk::<3>() else { return };
    let (k, closing) = (u32::from(head[0] % 4) + 5, head[0] & 0x80 != 0);
    let regions = u32::from(head[1] % 5) + 1;
    let region_of: Vec<u32> = counts.iter().take(16).map(|byte| u32::from(byte >> 5) % regions).collect();
    let pending: BTreeMap<u32, u64> = (0..).zip(counts.iter().take(16).map(|byte| u64::from(byte & 0x1f))).collect();
    let tree = Tree::new(region_of.clone(), regions);
    let decision = decide(&tree, k, &pending, closing);
    let groups: Vec<(Area, u64)> = decision.groups.iter().map(|(area, size)| (*area, *size)).collect();
    follows(&tree, k, &groups, closing).expect("a publisher's decision passes its audit");
    assert!(groups.iter().all(|(_, size)| *size >= u64::from(k)));
    let mut sums: BTreeMap<Area, u64> = BTreeMap::new();
    for (place, count) in &pending {
        let destination = decision.destination(*place);
        if *count >= u64::from(k) {
            assert_eq!(destination, Some(Area::place(*place)), "a place with enough publishes itself");
        }
        let Some(area) = destination else { continue };
        assert!(closing || area.level == Level::Place);
        assert!(area.level != Level::Place || area.index == *place);
        assert!(area.level != Level::Region || area.index == region_of[*place as usize]);
        *sums.entry(area).or_insert(0) += count;
    }
    assert_eq!(sums, decision.groups, "each pledge in one group, and in its own");
    any_place_may_be_empty(k, &region_of, regions, &decision.groups);
    others(&tree, k, head[2], &groups, closing);
});

/// A silent place of a region that published: could all of its group be the other silent places', each with fewer than k?
fn any_place_may_be_empty(k: u32, region_of: &[u32], regions: u32, groups: &BTreeMap<Area, u64>) {
    for region in 0..regions {
        let Some(pooled) = groups.get(&Area::region(region)) else { continue };
        let silent =
            (0u32..).zip(region_of).filter(|(place, of)| **of == region && !groups.contains_key(&Area::place(*place)));
        let others = (silent.count() as u64).saturating_sub(1);
        assert!(*pooled <= others * u64::from(k - 1), "region {region} shows that every silent place has somebody");
    }
}

/// What is made of a decision by one change: whatever an auditor lets pass has whole groups in order.
fn others(tree: &Tree, k: u32, change: u8, groups: &[(Area, u64)], closing: bool) {
    let mut changed = groups.to_vec();
    let at = usize::from(change >> 4) % groups.len().max(1);
    match (change % 5, changed.get_mut(at)) {
        (0, Some(group)) => group.1 -= 1,
        (1, Some(group)) => group.1 += 1,
        (2, Some(group)) => group.0.index += 1,
        (3, Some(group)) => *group = (Area::ROOT, group.1),
        (4, Some(group)) => {
            let twice = *group;
            changed.push(twice);
        }
        _ => changed.push((Area::ROOT, u64::from(change))),
    }
    if follows(tree, k, &changed, closing).is_ok() {
        assert!(changed.windows(2).all(|pair| pair[0].0 < pair[1].0), "in order, and each once");
        assert!(changed.iter().all(|(area, size)| tree.has(*area) && *size >= u64::from(k)));
        assert!(closing || changed.iter().all(|(area, _)| area.level == Level::Place));
    }
}
