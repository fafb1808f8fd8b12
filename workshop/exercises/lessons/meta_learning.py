"""Exercises of lesson 05. Expected results of the examples were worked out by hand.

The model is a straight line with the weights theta = (intercept, slope); the loss is the mean squared error.
"""

from __future__ import annotations

import numpy as np

from workshop.exercises.record import Exercise, Hint, Inputs

LESSON = "05_meta_learning"


def _loss(theta, x, y) -> float:
    return float(np.mean((theta[0] + theta[1] * x - y) ** 2))


def _gradient(theta, x, y) -> np.ndarray:
    error = theta[0] + theta[1] * x - y
    return 2 * np.array([error.mean(), (error * x).mean()])


def _phi(theta, x, y, rate) -> np.ndarray:
    return theta - rate * _gradient(theta, x, y)


def _float32(**arrays) -> Inputs:
    return {name: np.asarray(values, dtype=np.float32) for name, values in arrays.items()}


def _draw_lines(rng: np.random.Generator, tasks: int, shots: int) -> tuple[np.ndarray, ...]:
    """For each task a noisy line of its own, and a support and a query set from it."""
    lines = rng.normal(size=(2, tasks, 1))
    inputs = rng.uniform(-2, 2, size=(2, tasks, shots))
    support, query = lines[0] + lines[1] * inputs + rng.normal(size=inputs.shape) * 0.1
    return inputs[0], support, inputs[1], query


def _draw_rate(rng: np.random.Generator) -> float:
    """Stable for x in -2..2: the loss of the line curves by 2 (1 + mean of x^2) <= 10 at most, and 2 / 10 > 0.15."""
    return float(rng.uniform(0.05, 0.15))


# ---- the inner update --------------------------------------------------------------------------------


def _draw_inner(rng: np.random.Generator) -> Inputs:
    x, y, _, _ = _draw_lines(rng, tasks=1, shots=int(rng.integers(2, 9)))
    return _float32(theta=rng.normal(size=2), x=x[0], y=y[0]) | {"rate": _draw_rate(rng)}


def _support(theta, x, y, rate) -> Inputs:
    return _float32(theta=theta, x=x, y=y) | {"rate": rate}


INNER_UPDATE = Exercise(
    id="maml-inner-update",
    lesson=LESSON,
    function="inner_update",
    points=2,
    outcome="write-inner-update",
    generate=_draw_inner,
    # The gradient is 2 (mean error, mean of error times x).
    examples=(
        # errors -1, -3; gradient 2 (-2, (1 - 3) / 2) = (-4, -2)
        (_support([0, 0], [-1, 1], [1, 3], 0.25), [1, 0.5]),
        # the line runs through all points: nothing to learn
        (_support([1, 2], [0, 1, 2], [1, 3, 5], 0.125), [1, 2]),
        # errors 1, -2; gradient 2 (-1/2, -4/2) = (-1, -4)
        (_support([1, -1], [0, 2], [0, 1], 0.125), [1.125, -0.5]),
        # errors -2, -1, 1, 2; gradient 2 (0, 10/4) = (0, 5)
        (_support([0, 1], [-2, -1, 1, 2], [0, 0, 0, 0], 0.125), [0, 0.375]),
    ),
    hints=(
        Hint(
            lambda theta, x, y, rate: theta + rate * _gradient(theta, x, y),
            "that step goes uphill: the gradient points to where the loss grows.",
        ),
        Hint(
            lambda theta, x, y, rate: theta - _gradient(theta, x, y),
            "the direction is right, the step too long: multiply the gradient by the rate.",
        ),
        Hint(
            lambda theta, x, y, rate: theta - rate * len(x) * _gradient(theta, x, y),
            "the loss is the mean of the squared errors, not their sum.",
        ),
        Hint(
            lambda theta, x, y, rate: theta - rate / 2 * _gradient(theta, x, y),
            "that is half of the step: the derivative of a square has a factor 2.",
        ),
        Hint(
            lambda theta, x, y, rate: _gradient(theta, x, y),
            "that is the gradient; return theta minus rate times it.",
        ),
        Hint(
            lambda theta, x, y, rate: -rate * _gradient(theta, x, y),
            "that is the step alone; add it to theta.",
        ),
    ),
)

# ---- the bug hunt ------------------------------------------------------------------------------------


def _carried_on(theta, support_x, support_y, query_x, query_y, rate):
    losses, phi = [], theta
    for sx, sy, qx, qy in zip(support_x, support_y, query_x, query_y, strict=True):
        phi = _phi(phi, sx, sy, rate)
        losses.append(_loss(phi, qx, qy))
    return np.mean(losses)


def _judged_on_support(theta, support_x, support_y, query_x, query_y, rate):
    sets = zip(support_x, support_y, strict=True)
    return np.mean([_loss(_phi(theta, sx, sy, rate), sx, sy) for sx, sy in sets])


def _both_bugs(theta, support_x, support_y, query_x, query_y, rate):
    return _carried_on(theta, support_x, support_y, support_x, support_y, rate)


def _never_adapted(theta, support_x, support_y, query_x, query_y, rate):
    return _loss(theta, query_x, query_y)


def _summed_over_tasks(theta, support_x, support_y, query_x, query_y, rate):
    sets = zip(support_x, support_y, query_x, query_y, strict=True)
    return sum(_loss(_phi(theta, sx, sy, rate), qx, qy) for sx, sy, qx, qy in sets)


def _query_set_only(theta, support_x, support_y, query_x, query_y, rate):
    return _judged_on_support(theta, query_x, query_y, support_x, support_y, rate)


def _sets_swapped(theta, support_x, support_y, query_x, query_y, rate):
    sets = zip(support_x, support_y, query_x, query_y, strict=True)
    return np.mean([_loss(_phi(theta, qx, qy, rate), sx, sy) for sx, sy, qx, qy in sets])


def _last_task_only(theta, support_x, support_y, query_x, query_y, rate):
    return _loss(_phi(theta, support_x[-1], support_y[-1], rate), query_x[-1], query_y[-1])


def _last_task_divided(theta, support_x, support_y, query_x, query_y, rate):
    return _last_task_only(theta, support_x, support_y, query_x, query_y, rate) / len(support_x)


def _draw_tasks(rng: np.random.Generator) -> Inputs:
    drawn = _draw_lines(rng, tasks=int(rng.integers(2, 7)), shots=int(rng.integers(2, 9)))
    return _tasks(rng.normal(size=2), *drawn, _draw_rate(rng))


def _tasks(theta, support_x, support_y, query_x, query_y, rate) -> Inputs:
    sets = {"support_x": support_x, "support_y": support_y, "query_x": query_x, "query_y": query_y}
    return _float32(theta=theta, **sets) | {"rate": rate}


# Two points at x = -1 and 1 have one line through them, and the loss is the squared distance of theta from its
# weights. So a step of rate 1/4 goes half of the way to that line, and a step of rate 1/2 the whole way.
_TWO = [-1, 1]

META_LOSS = Exercise(
    id="maml-meta-loss",
    lesson=LESSON,
    function="meta_loss",
    points=4,
    outcome="hunt-meta-loss-bug",
    generate=_draw_tasks,
    examples=(
        # lines 2 + 2x and 2; phi is half way, 1 + x and 1; query errors -1, -3 and -1, -1; (5 + 1) / 2
        (_tasks([0, 0], [_TWO, _TWO], [[0, 4], [2, 2]], [[0, 2], [0, 2]], [[2, 6], [2, 2]], 0.25), 3),
        # one task; phi is its line 1 + x, so the support loss would be 0; query errors 0, -2
        (_tasks([1, 0], [_TWO], [[0, 2]], [[0, 2]], [[1, 5]], 0.5), 2),
        # lines 4, 4x and 0; phi is 2, 2x and 0; query errors -2, -2 and 2, -2 and -2, -2
        (
            _tasks(
                [0, 0], [_TWO] * 3, [[4, 4], [-4, 4], [0, 0]], [_TWO] * 3, [[4, 4], [-4, 4], [2, 2]], 0.25
            ),
            4,
        ),
    ),
    hints=(
        Hint(_carried_on, "the order of the tasks must not matter: from where does each task's step start?"),
        Hint(
            _judged_on_support,
            "you ask each phi about the points that it was fitted to; ask it about new ones.",
        ),
        Hint(_both_bugs, "there are two bugs: where each task starts, and on which points phi is judged."),
        Hint(_never_adapted, "that is the loss of theta itself; judge each task's phi, after its step."),
        Hint(_summed_over_tasks, "that is the sum over the tasks; take their mean."),
        Hint(
            _query_set_only,
            "phi is fitted to the points that it is judged on: the inner step belongs on the support set.",
        ),
        Hint(_sets_swapped, "support and query set have changed places."),
        Hint(_last_task_only, "that is the last task alone; add the losses of all tasks up, then divide."),
        Hint(_last_task_divided, "each loss takes the place of the one before; add them up, then divide."),
    ),
)

# ---- the first-order gradient ------------------------------------------------------------------------


def _task_gradients(theta, support_x, support_y, query_x, query_y, rate) -> tuple[np.ndarray, np.ndarray]:
    """A row for each task: the gradient of its query loss at phi, through the inner step and first-order."""
    full, first_order = [], []
    for sx, sy, qx, qy in zip(support_x, support_y, query_x, query_y, strict=True):
        gradient = _gradient(_phi(theta, sx, sy, rate), qx, qy)
        # The support gradient is linear in theta, so its change along a direction is a gradient with y = 0.
        full.append(gradient - rate * _gradient(gradient, sx, 0 * sx))
        first_order.append(gradient)
    return np.array(full), np.array(first_order)


def _swapped(**inputs):
    full, first_order = _task_gradients(**inputs)
    return first_order.mean(0), full.mean(0)


def _twice_first_order(**inputs):
    _, first_order = _task_gradients(**inputs)
    return first_order.mean(0), first_order.mean(0)


def _twice_full(**inputs):
    full, _ = _task_gradients(**inputs)
    return full.mean(0), full.mean(0)


def _summed_gradients(**inputs):
    full, first_order = _task_gradients(**inputs)
    return full.sum(0), first_order.sum(0)


def _gradients_of_support_loss(theta, support_x, support_y, query_x, query_y, rate):
    full, first_order = _task_gradients(theta, support_x, support_y, support_x, support_y, rate)
    return full.mean(0), first_order.mean(0)


def _gradients_without_a_step(theta, support_x, support_y, query_x, query_y, rate):
    full, _ = _task_gradients(theta, support_x, support_y, query_x, query_y, 0)
    return full.mean(0), full.mean(0)


def _gradients_carried_on(theta, support_x, support_y, query_x, query_y, rate):
    """As autograd has it: the full gradient goes back through the steps on all earlier tasks, too."""
    full, first_order, phi = [], [], theta
    for task, (sx, sy, qx, qy) in enumerate(zip(support_x, support_y, query_x, query_y, strict=True)):
        phi = _phi(phi, sx, sy, rate)
        gradient = _gradient(phi, qx, qy)
        first_order.append(gradient)
        for earlier_x in support_x[task::-1]:
            gradient = gradient - rate * _gradient(gradient, earlier_x, 0 * earlier_x)
        full.append(gradient)
    return np.mean(full, 0), np.mean(first_order, 0)


FIRST_ORDER = Exercise(
    id="maml-first-order",
    lesson=LESSON,
    function="meta_gradients",
    points=4,
    outcome="drop-second-order",
    generate=_draw_tasks,
    # With g the query gradient at phi: first-order is g; full is g - rate * H g, where H holds the second derivatives
    # of the support loss, 2 mean [[1, x], [x, x^2]]. For x = -1 and 1 that is [[2, 0], [0, 2]].
    examples=(
        # query errors at phi as above, x = 0, 2; g = 2 (-2, -3) and 2 (-1, -1); full is g - 1/4 * 2 g = g / 2
        (
            _tasks([0, 0], [_TWO, _TWO], [[0, 4], [2, 2]], [[0, 2], [0, 2]], [[2, 6], [2, 2]], 0.25),
            ([-1.5, -2], [-3, -4]),
        ),
        # errors 0, -4 give phi = 1/8 * 2 (2, 4) = (0.5, 1); query errors -1, 2 give g = (1, 3);
        # H = [[2, 2], [2, 4]], H g = (8, 14), full = (1 - 1, 3 - 14/8): only g moves the intercept
        (_tasks([0, 0], [[0, 2]], [[0, 4]], [_TWO], [[0.5, -0.5]], 0.125), ([0, 1.25], [1, 3])),
        # the whole way: phi is 1 + x wherever theta is, so full is 0; query errors 0, -2 give g = 2 (-1, -2)
        (_tasks([1, -1], [_TWO], [[0, 2]], [[0, 2]], [[1, 5]], 0.5), ([0, 0], [-2, -4])),
    ),
    hints=(
        Hint(_swapped, "both gradients are right, in the wrong order: the full one comes first."),
        Hint(
            _twice_first_order,
            "both are first-order: for the full one, autograd must keep the graph of the inner gradient.",
        ),
        Hint(_twice_full, "both are full: for the second one, the inner gradient must count as a constant."),
        Hint(_summed_gradients, "those are sums over the tasks; the meta-loss is their mean."),
        Hint(
            _gradients_of_support_loss,
            "the support set is for the inner step; the outer gradient is that of the query loss.",
        ),
        Hint(
            _gradients_without_a_step,
            "that is the gradient of the query loss at theta; take the inner step first.",
        ),
        Hint(
            _gradients_carried_on,
            "your phi is carried on from task to task: start the inner step of every task at theta.",
        ),
    ),
)

EXERCISES = (INNER_UPDATE, META_LOSS, FIRST_ORDER)
