"""What the tests of the store's guarantees share: exlog in processes of its own, and faults put into them."""
