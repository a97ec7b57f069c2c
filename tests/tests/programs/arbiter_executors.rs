use crate::laws::*;

#[test]
fn a_provider_joins_the_list_of_its_class_once() {
    let mut w = TestBuilder::ready();
    w.refused(w.join_executors(0), ArbiterError::AlreadyListed);
    w.ok(w.open_executors([2; 32]));
    let other_class = swap(w.join_executors(0), "join_executors", "executors", address::executors(&[2; 32]));
    w.refused(other_class, ArbiterError::ClassDiffers);
    assert!(w.send(w.open_executors([2; 32])).is_err());
}

#[test]
fn a_provider_leaves_and_nobody_makes_it() {
    let mut w = TestBuilder::ready();
    for stranger in [w.outsider, w.providers[1].operator] {
        w.refused(swap(w.leave_executors(0), "leave_executors", "operator", stranger), ArbiterError::NotOperator);
        w.refused(swap(w.join_executors(0), "join_executors", "operator", stranger), ArbiterError::NotOperator);
    }
    w.ok(w.leave_executors(0));
    w.refused(w.leave_executors(0), ArbiterError::NotListed);
    let list = w.executor_list();
    assert_eq!(list.count, 2);
    assert_eq!(list.providers[0], w.providers[2].account.to_bytes());
    assert_eq!(list.owners[0], w.providers[2].owner.to_bytes());
    assert_eq!(list.providers[2], [0; 32]);
    w.ok(w.join_executors(0));
}

#[test]
fn the_list_holds_sixty_four() {
    let mut w = TestBuilder::ready();
    w.ok(w.leave_executors(0));
    let mut list = w.executor_list();
    for at in usize::from(list.count)..64 {
        list.providers[at] = [at as u8; 32];
    }
    list.count = 64;
    w.put(address::executors(&w.class_key), arbiter::ID, list.encode());
    w.refused(w.join_executors(0), ArbiterError::ListFull);
}
