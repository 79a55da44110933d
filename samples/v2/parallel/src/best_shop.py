"""Marks the best shop of a region; a mini batch is the rows of one region."""


def run(mini_batch, context):
    best = mini_batch["sold"].idxmax()
    print(f"{context.partition_key_value['region']}: shop {mini_batch['shop'][best]}")
    return mini_batch.assign(best=mini_batch.index == best)
