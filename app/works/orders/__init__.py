"""任务单: work orders, from the request to the check by somebody who is not the doer."""
