"""Defaults: the fields that an object gets when its author leaves them empty.

They follow Kubernetes' `pkg/apis/*/v1/defaults.go`. They run once, between decoding and admission,
so that everything behind them (validation, controllers, kubelets) may rely on the fields.
"""
