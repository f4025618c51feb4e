"""Describe a data set: its sizes, classes, colours and a sample of its images."""

from reporter import Bars, Count, Dataset, Metric, Result, Run, experiment


@experiment(quick={})
def dataset(run: Run, *, data: Dataset, samples: Count = 1, columns: Count = 5) -> Result:
    """Describe a data set: its sizes, classes, colours and a sample of its images.

    Mean and standard deviation of each colour channel are taken over all pixels of all training
    images at their stored size, with pixel values in [0, 1].

    Args:
        data: images with classes, split into training and test set.
        samples: how many training images of each class are shown, drawn with the seed.
        columns: images in a row of the sample.

    Returns:
        Metrics train_size, test_size, class_count; sizes, classes and statistics (tables), balance
        (bars), samples (images).
    """
    from reporter.learn import description

    train, test = description.counts(data)
    return Result(
        sizes=description.sizes_table(data),
        classes=description.classes_table(data.classes, train, test),
        balance=Bars(
            labels=data.classes,
            values=tuple(map(float, train)),
            y_label="training images",
            unit="count",
        ),
        statistics=description.statistics_table(data),
        samples=description.sample(data, samples, columns, run.stream("order")),
        train_size=Metric(value=len(data.train), unit="count", direction=None),
        test_size=Metric(value=len(data.test), unit="count", direction=None),
        class_count=Metric(value=len(data.classes), unit="count", direction=None),
    )
